/** Our types against those that openapi-typescript makes from the published document, compared by the compiler. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { OPENAPI_PATH } from "../support/in-process/openapi.ts";
import { obstacle, TOOL } from "./tools.ts";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** What we send, as a type: each must be something the service takes. */
const SENT = [
  ["CreateCloudDeploymentRequest", "ours.CreateDeployment"],
  ["WorkloadSpec", 'ours.CreateDeployment["workload"]'],
  ["WorkloadLimits", "ours.WorkloadLimits"],
  ["AgentInstructionFile", "ours.BundleInstruction"],
  ["AgentAssetFile", "ours.BundleAsset"],
  ["CloudDeploymentRunRequest", "ours.CreateRun"],
  ["CloudRunApprovalDecision", 'NonNullable<ours.CreateRun["approval_decisions"]>[number]'],
] as const;

/** What we are sent, by the name of our schema: each promised answer must be something the schema takes. */
const RECEIVED = [
  ["CloudDeploymentSummary", "DeploymentSummarySchema"],
  ["CloudDeploymentActionStatusResponse", "DeploymentStatusSchema"],
  ["CloudDeploymentRunInvocationResponse", "RunInvocationSchema"],
  ["CloudDeploymentRunEvent", "RunRecordSchema"],
  ["CloudRunLiveState", "RunLiveStateSchema"],
  ["CloudRunPendingApprovalsResponse", "RunPendingApprovalsSchema"],
  ["CloudPendingApprovalRun", "PendingRunSchema"],
  ["CloudRunPendingApproval", "PendingApprovalSchema"],
  ["CloudDeploymentRunArtifact", "RunArtifactSchema"],
  ["CloudRunOutputEvent", "RunEventSchema"],
  ["CloudRunOutputEventEnvelope", "RunEventEnvelopeSchema"],
] as const;

const sentLine = ([theirs, ours]: readonly [string, string]) =>
  `export const sent${theirs} = (value: ${ours}): components["schemas"]["${theirs}"] => value;`;
const receivedLine = ([theirs, ours]: readonly [string, string]) =>
  `export const received${ours} = (value: components["schemas"]["${theirs}"]): z.input<typeof ours.${ours}> => value;`;

describe.skipIf(obstacle !== "")(`types made from the published document${obstacle}`, () => {
  test("our types fit them, in both directions", async () => {
    const cache = join(ROOT, "node_modules", ".cache");
    mkdirSync(cache, { recursive: true });
    const folder = mkdtempSync(join(cache, "openapi-types-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    await run(process.execPath, [TOOL.openapiTypescript, OPENAPI_PATH, "-o", join(folder, "openapi.d.ts")]);
    writeFileSync(
      join(folder, "check.ts"),
      [
        'import type * as z from "zod";',
        'import type * as ours from "../../../protocols/seren-cloud/index.ts";',
        'import type { components } from "./openapi.d.ts";',
        ...SENT.map(sentLine),
        ...RECEIVED.map(receivedLine),
        "// @ts-expect-error: the comparison must be able to fail",
        receivedLine(["CloudRunLiveState", "DeploymentSummarySchema"]).replace("receivedDep", "wrongDep"),
      ].join("\n"),
    );
    const compilerOptions = { noEmit: true, types: [] };
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ extends: "../../../tsconfig.json", compilerOptions, include: ["check.ts"] }),
    );
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    const { stdout } = await run(process.execPath, [tsc, "-p", folder]).catch((error: { stdout: string }) => ({
      stdout: error.stdout,
    }));
    expect(stdout).toBe("");
  });
});
