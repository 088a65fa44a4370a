/** Artifacts of ended runs as resources: none is listed, each has an address in the result of its run. */
import { ReadResourceParamsSchema } from "#protocols/mcp";
import { type Artifact, LateAnswers, type RunRef, type RunReport, showRunCommand } from "../../../core/index.ts";
import { ERROR_CODES } from "../../../stdio/index.ts";
import { timeoutSignal } from "../../../support/abort.ts";
import { asFailure, ExecutionFailure } from "../../../support/failure.ts";
import { Semaphore } from "../../../support/semaphore.ts";
import { readParams } from "../calls/call.ts";
import type { McpOptions } from "../options.ts";
import { ProtocolError } from "../protocol-error.ts";
import { ARTIFACT_TEMPLATE, mimeTypeOf, readArtifactAddress } from "./artifact-links.ts";

/** A line has at most 1 MiB, and base64 makes four bytes of three. */
const MAX_BYTES = 700_000;
const MAX_TEXT_JSON = 980_000;
/** Each holds its content in memory until the client has taken it. */
const AT_ONCE = 4;
/** The shortest limit that clients have for a request is 60 seconds. */
const MAX_READING_MS = 45_000;
const MAX_LOOK_MS = 5_000;
/** An address that is longer is repeated in part. */
const MAX_SHOWN_URI = 2_000;

const TEMPLATES = [
  {
    uriTemplate: ARTIFACT_TEMPLATE,
    name: "Artifact of a run on Seren Cloud",
    description: "A file that an agent has left. The results of ended runs name the addresses.",
  },
];

type Contents = { uri: string; mimeType?: string } & ({ text: string } | { blob: string });

export class Resources {
  readonly #options: McpOptions;
  readonly #slots = new Semaphore(AT_ONCE);
  readonly #looks: LateAnswers<RunReport>;

  constructor(options: McpOptions) {
    this.#options = options;
    this.#looks = new LateAnswers(options.ambient);
  }

  list(): { resources: object[] } {
    return { resources: [] };
  }

  templates(): { resourceTemplates: object[] } {
    return { resourceTemplates: TEMPLATES };
  }

  /** Rejects with why the content cannot be had. */
  async read(params: unknown, signal: AbortSignal): Promise<{ contents: Contents[] }> {
    const { uri } = readParams(ReadResourceParamsSchema, params);
    const limit = timeoutSignal(this.#options.ambient, MAX_READING_MS, signal);
    try {
      const release = await this.#slots.take(limit.signal);
      try {
        const { artifact, run } = await this.#find(uri);
        return { contents: [await this.#contents({ uri, artifact, run }, limit.signal)] };
      } finally {
        release();
      }
    } finally {
      limit.release();
    }
  }

  async #find(uri: string): Promise<{ artifact: Artifact; run: RunRef }> {
    const address = readArtifactAddress(uri);
    if (!address) throw notFound(uri, `there are resources of the form ${ARTIFACT_TEMPLATE} only`);
    const { runs } = this.#options;
    const look = () =>
      runs.status(address.runId).catch((error: unknown) => {
        const { kind, message } = asFailure(error);
        throw kind === "not_found" || kind === "invalid_input" ? notFound(uri, message) : error;
      });
    const { run, outcome } = await this.#looks.ask(address.runId, { ms: MAX_LOOK_MS }, look);
    if (!outcome) throw notFound(uri, "the run goes on; its artifacts can be read when it has ended");
    const artifact = outcome.artifacts.find(address.names);
    if (!artifact) throw notFound(uri, "the run has no such artifact");
    return { artifact, run };
  }

  async #contents(
    { uri, artifact, run }: { uri: string; artifact: Artifact; run: RunRef },
    signal: AbortSignal,
  ): Promise<Contents> {
    const reading = this.#options.readArtifact(artifact, { maxBytes: MAX_BYTES, signal });
    const bytes = await reading.catch((error: unknown) => {
      const { message } = asFailure(error);
      throw new ExecutionFailure("unavailable", `the artifact cannot be read: ${message}`, { cause: error });
    });
    if (!bytes) return instead(uri, run, `is larger than the ${MAX_BYTES / 1000} KB that can be sent here`);
    const mimeType = mimeTypeOf(artifact);
    const type = mimeType ? { mimeType } : {};
    const text = textOf(bytes);
    if (text !== undefined && Buffer.byteLength(JSON.stringify(text)) <= MAX_TEXT_JSON) return { uri, ...type, text };
    // Where the line is written secrets are masked, and a mask within base64 would spoil the content.
    const blob = Buffer.from(bytes).toString("base64");
    const { redactor } = this.#options;
    const isClean = [blob, Buffer.from(bytes).toString("latin1")].every((form) => redactor.redact(form) === form);
    return isClean ? { uri, ...type, blob } : instead(uri, run, "holds a secret of this machine");
  }
}

/** In both eras this is the code of params that do not fit; the data tells the two apart. */
function notFound(uri: string, why: string): ProtocolError {
  return new ProtocolError("not_found", why, {
    code: ERROR_CODES.invalidParams,
    data: { uri: uri.slice(0, MAX_SHOWN_URI) },
  });
}

function instead(uri: string, run: RunRef, why: string): Contents {
  const where = run.url ? `${run.url}, or ` : "";
  return { uri, mimeType: "text/plain", text: `The artifact ${why}. See ${where}${showRunCommand(run.runId)}` };
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
