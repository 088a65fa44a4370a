/** Our schemas against the types of the official clients, compared by the compiler. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { ROOT } from "../support/child-process/child.ts";
import { obstacle } from "./mcp-sdk.ts";

const run = promisify(execFile);
const SDK = "../../../scripts/tools/node_modules/@modelcontextprotocol";

/** What we send, as a type: each must be something the client takes. */
const SENT = [
  ["first.InitializeResult", "handshake.InitializeResultSchema"],
  ["first.ListToolsResult", "handshake.ListToolsResultSchema"],
  ["first.CallToolResult", "handshake.CallToolResultSchema"],
  ["first.ListResourcesResult", "handshake.ListResourcesResultSchema"],
  ["first.ListResourceTemplatesResult", "handshake.ListResourceTemplatesResultSchema"],
  ["first.ReadResourceResult", "handshake.ReadResourceResultSchema"],
  ["first.CreateTaskResult", "handshake.CreateTaskResultSchema"],
  ["first.GetTaskResult", "handshake.GetTaskResultSchema"],
  ["first.ProgressNotificationParams", "handshake.ProgressParamsSchema"],
  ["first.ElicitRequestFormParams", "handshake.ElicitParamsSchema"],
  ['first.CancelledNotification["params"]', "handshake.CancelledParamsSchema"],
  ["second.DiscoverResult", "stateless.DiscoverResultSchema"],
  ["second.CallToolResult", "stateless.CallToolResultSchema"],
  ["second.ListResourcesResult", "stateless.ListResourcesResultSchema"],
  ["second.ListResourceTemplatesResult", "stateless.ListResourceTemplatesResultSchema"],
  ["second.ReadResourceResult", "stateless.ReadResourceResultSchema"],
  ["second.InputRequiredResult", "stateless.InputRequiredResultSchema"],
  ["extension.CreateTaskResultV2", "stateless.CreateTaskResultSchema"],
  ["extension.GetTaskResultV2", "stateless.GetTaskResultSchema"],
  ["extension.UpdateTaskResultV2", "stateless.AcknowledgedSchema"],
] as const;

/** What we are sent: each promised message must be something the schema takes. */
const RECEIVED = [
  ['first.InitializeRequest["params"]', "door.InitializeParamsSchema"],
  ['first.CallToolRequest["params"]', "door.CallToolParamsSchema"],
  ['first.ReadResourceRequest["params"]', "door.ReadResourceParamsSchema"],
  ["first.ElicitResult", "door.ElicitResultSchema"],
  ["second.ElicitResult", "door.ElicitResultSchema"],
  ['extension.UpdateTaskRequestV2["params"]', "door.UpdateTaskParamsSchema"],
] as const;

const sent = ([theirs, ours]: readonly [string, string], index: number) =>
  `export const sent${index} = (value: z.output<typeof ${ours}>): ${theirs} => value;`;
const received = ([theirs, ours]: readonly [string, string], index: number) =>
  `export const received${index} = (value: ${theirs}): z.input<typeof ${ours}> => value;`;

describe.skipIf(obstacle !== "")(`the types of the official clients${obstacle}`, () => {
  test("take what we send, and promise what we read", { timeout: 120_000 }, async () => {
    const cache = join(ROOT, "node_modules", ".cache");
    mkdirSync(cache, { recursive: true });
    const folder = mkdtempSync(join(cache, "mcp-types-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(
      join(folder, "check.ts"),
      [
        'import type * as z from "zod";',
        'import type * as door from "../../../protocols/mcp/index.ts";',
        'import type * as handshake from "../../../protocols/mcp/2025-11-25/sent.ts";',
        'import type * as stateless from "../../../protocols/mcp/2026-07-28/sent.ts";',
        `import type * as first from "${SDK}/sdk/dist/esm/types.d.ts";`,
        `import type * as second from "${SDK}/client/dist/index.d.mts";`,
        `import type * as extension from "${SDK}/ext-tasks/dist/core/v2/index.d.ts";`,
        ...SENT.map(sent),
        ...RECEIVED.map(received),
        "// @ts-expect-error: the comparison must be able to fail",
        sent(["first.CallToolResult", "handshake.ProgressParamsSchema"], SENT.length),
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
