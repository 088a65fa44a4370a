/** Mutated parcels: manifest, lock file, contents, and unusual kinds of files. */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { inspectParcel } from "../../src/adapters/courier/inspect.ts";
import { manifestDigest } from "../../src/parcel/digest.ts";
import {
  listLocalTools,
  openParcel,
  parcelWorkload,
  resolveMounts,
  resolvePrompt,
  runTimeoutMs,
} from "../../src/parcel/index.ts";
import { ExecutionFailure } from "../../src/support/failure.ts";
import { createRedactor } from "../../src/support/redact.ts";
import { Secret } from "../../src/support/secret.ts";
import { deriveSeed, SeededRandom } from "../support/in-process/seeded-random.ts";
import { DECLARED } from "./canaries.ts";
import { parcelDir } from "./chaos-child.ts";
import { mutateText, mutateValue } from "./mutate.ts";

const CASES = [
  "chat",
  "job",
  "heartbeat",
  "minimal",
  "tools",
  "unicode",
  "skills",
  "mounts",
  "bound",
  "chat-bound-by-host",
] as const;
/** A parcel is read in milliseconds; a longer time counts as a hang. */
const HANG_MS = 10_000;

export interface ParcelFuzz {
  parcels: number;
  accepted: number;
  refused: number;
  problems: string[];
}

export async function fuzzParcels(seed: number, parcels: number): Promise<ParcelFuzz> {
  const result: ParcelFuzz = { parcels, accepted: 0, refused: 0, problems: [] };
  const scratch = mkdtempSync(join(tmpdir(), "seren-bridge-fuzz-"));
  try {
    for (let index = 0; index < parcels; index += 1) {
      const random = new SeededRandom(deriveSeed(seed, index));
      const dir = join(scratch, String(index));
      cpSync(parcelDir(random.pick(CASES)), dir, { recursive: true });
      const how = spoil(dir, random);
      const problem = await tryParcel(dir, result);
      if (problem && result.problems.length < 20)
        result.problems.push(`I11: ${problem} (seed ${seed}, parcel ${index}, ${how})`);
      rmSync(dir, { recursive: true, force: true });
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return result;
}

/** Does everything that is done with a parcel. Returns the problem, if any. */
async function tryParcel(dir: string, result: ParcelFuzz): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("it hangs")), HANG_MS);
  });
  try {
    await Promise.race([late, useParcel(dir)]);
    result.accepted += 1;
    return undefined;
  } catch (error) {
    result.refused += 1;
    if (!(error instanceof ExecutionFailure))
      return `failed with ${error instanceof Error ? error.stack : String(error)}`;
    if (error.kind === "internal") return `an internal error: ${(error.cause as Error)?.stack ?? error.message}`;
    return error.message.length > 5_000 ? `a message of ${error.message.length} characters` : undefined;
  } finally {
    clearTimeout(timer);
  }
}

async function useParcel(dir: string): Promise<void> {
  const opened = await openParcel(dir);
  const { parcel, files } = opened;
  const secret = (name: string) => DECLARED[name];
  const settings = {
    deployment: undefined,
    secret,
    apiKey: () => new Secret("a-key-never-sent"),
    redactor: createRedactor(),
  };
  inspectParcel(opened, settings as Parameters<typeof inspectParcel>[1], undefined);
  await resolvePrompt(parcel, files);
  listLocalTools(parcel);
  runTimeoutMs(parcel);
  resolveMounts(parcel, { artifactsDir: "/nowhere" });
  await parcelWorkload(parcel, files, { name: "fuzzed", secret });
}

function spoil(dir: string, random: SeededRandom): string {
  const manifest = join(dir, "manifest.json");
  switch (random.int(0, 9)) {
    case 0:
    case 1:
    case 2:
      return spoilSealed(dir, random);
    case 3:
      writeFileSync(manifest, mutateText(readFileSync(manifest, "utf8"), random));
      return "manifest";
    case 4:
    case 5: {
      const lock = join(dir, "parcel.lock");
      writeFileSync(lock, mutateText(readFileSync(lock, "utf8"), random));
      return "lock";
    }
    default:
      return spoilFile(dir, random);
  }
}

/** Mutates the manifest and adapts its digest, so that it passes the integrity check. */
function spoilSealed(dir: string, random: SeededRandom): string {
  const path = join(dir, "manifest.json");
  let manifest: unknown = JSON.parse(readFileSync(path, "utf8"));
  for (let count = random.magnitude(1, 3); count > 0; count -= 1) manifest = mutateValue(manifest, random, 0);
  if (typeof manifest !== "object" || manifest === null) return "sealed nothing";
  let digest = "0".repeat(64);
  try {
    digest = manifestDigest(manifest as Parameters<typeof manifestDigest>[0]);
  } catch {
    // a manifest that cannot be digested keeps the placeholder
  }
  const sealed: Record<string, unknown> = { ...manifest, digest };
  writeFileSync(path, JSON.stringify(sealed, null, 2));
  const lock = { format_version: 1, digest, manifest: "manifest.json", context_dir: "context", files: sealed.files };
  writeFileSync(join(dir, "parcel.lock"), JSON.stringify(lock, null, 2));
  return "sealed";
}

function spoilFile(dir: string, random: SeededRandom): string {
  const names = readdirSync(dir, { recursive: true, encoding: "utf8" });
  const name = random.pick(names);
  const path = join(dir, name);
  const kind = random.pick(["bytes", "gone", "folder", "link", "loop", "pipe", "endless", "huge", "more"] as const);
  try {
    if (kind === "bytes") writeFileSync(path, mutateText(readFileSync(path, "utf8"), random));
    else if (kind === "huge") truncateSync(path, 20 * 1024 ** 3);
    else if (kind === "more") {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(`${path}.more`, "more");
    } else {
      rmSync(path, { recursive: true, force: true });
      if (kind === "folder") mkdirSync(path);
      else if (kind === "link") symlinkSync("/etc/passwd", path);
      else if (kind === "loop") symlinkSync(path, path);
      else if (kind === "endless") symlinkSync("/dev/zero", path);
      else if (kind === "pipe") execFileSync("mkfifo", [path]);
    }
  } catch {
    // a folder instead of a file, or no named pipes on this system: the parcel is invalid all the same
  }
  return `${kind} ${name}`;
}
