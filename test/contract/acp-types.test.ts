/** Our schemas against the types of the official client, compared by the compiler. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { ROOT } from "../support/child-process/child.ts";
import { obstacle } from "./acp-sdk.ts";

const run = promisify(execFile);
const SDK = "../../../scripts/tools/node_modules/@agentclientprotocol/sdk/dist/v1/stable/acp.d.ts";

/** What we send, as a type: each must be something the client takes. */
const SENT = [
  ["InitializeResponse", "InitializeResultSchema"],
  ["NewSessionResponse", "NewSessionResultSchema"],
  ["ResumeSessionResponse", "ConfigOptionsResultSchema"],
  ["SetSessionConfigOptionResponse", "ConfigOptionsResultSchema"],
  ["PromptResponse", "PromptResultSchema"],
  ["SessionNotification", "SessionUpdateParamsSchema"],
  ["RequestPermissionRequest", "PermissionParamsSchema"],
  ["CancelRequestNotification", "CancelRequestParamsSchema"],
] as const;

/** What we are sent: each promised message must be something the schema takes. */
const RECEIVED = [
  ["AuthenticateRequest", "AuthenticateParamsSchema"],
  ["NewSessionRequest", "NewSessionParamsSchema"],
  ["ResumeSessionRequest", "SessionParamsSchema"],
  ["CloseSessionRequest", "SessionParamsSchema"],
  ["CancelNotification", "SessionParamsSchema"],
  ["SetSessionConfigOptionRequest", "SetConfigOptionParamsSchema"],
  ["RequestPermissionResponse", "PermissionResultSchema"],
] as const;

const sent = ([theirs, ours]: readonly [string, string], index: number) =>
  `export const sent${index} = (value: z.output<typeof door.${ours}>): sdk.${theirs} => value;`;
const received = ([theirs, ours]: readonly [string, string], index: number) =>
  `export const received${index} = (value: sdk.${theirs}): z.input<typeof door.${ours}> => value;`;

describe.skipIf(obstacle !== "")(`the types of the official client${obstacle}`, () => {
  test("take what we send, and promise what we read", { timeout: 120_000 }, async () => {
    const cache = join(ROOT, "node_modules", ".cache");
    mkdirSync(cache, { recursive: true });
    const folder = mkdtempSync(join(cache, "acp-types-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(
      join(folder, "check.ts"),
      [
        'import type * as z from "zod";',
        'import type * as door from "../../../protocols/acp/index.ts";',
        `import type * as sdk from "${SDK}";`,
        ...SENT.map(sent),
        ...RECEIVED.map(received),
        "// @ts-expect-error: the comparison must be able to fail",
        sent(["PromptResponse", "NewSessionResultSchema"], SENT.length),
      ].join("\n"),
    );
    const compilerOptions = { noEmit: true, types: ["node"], skipLibCheck: true, exactOptionalPropertyTypes: false };
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ extends: "../../../tsconfig.json", compilerOptions, include: ["check.ts"] }),
    );
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    const { stdout } = await run(process.execPath, [tsc, "-p", folder]).catch((error: { stdout: string }) => error);
    expect(stdout).toBe("");
  });
});
