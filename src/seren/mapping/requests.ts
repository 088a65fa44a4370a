/** Our own request types as the bodies that the service takes. */
import type { ApprovalDecisions, CreateDeployment, CreateRun, RegisterBundle } from "#protocols/seren-cloud";
import type { CheckpointDecisions, NewBundle, NewDeployment, NewRun } from "../model.ts";

export function runBody({ requestId, message, conversationId, operation, inputs, resume }: NewRun): CreateRun {
  return {
    async: true,
    ...(requestId === undefined ? {} : { client_request_id: requestId }),
    ...(message === undefined ? {} : { message }),
    ...(conversationId === undefined ? {} : { conversation_id: conversationId }),
    ...(operation === undefined ? {} : { operation }),
    ...(inputs === undefined ? {} : { inputs }),
    ...(resume ? approvalDecisionsBody(resume) : {}),
  };
}

export function approvalDecisionsBody({ checkpointId, decisions }: CheckpointDecisions): ApprovalDecisions {
  return { resume_checkpoint_id: checkpointId, approval_decisions: decisions };
}

export function deploymentBody(deployment: NewDeployment): CreateDeployment {
  if (!("instruction" in deployment)) return deployment;
  const { name, slug, instruction, model } = deployment;
  const instructions = [{ kind: "skill", path: "SKILL.md", content: instruction } as const];
  return {
    mode: "job",
    skill_slug: slug,
    workload: {
      execution: { type: "llm", ...(model === undefined ? {} : { model_id: model }), bundle: { instructions } },
    },
    name,
  };
}

export function bundleBody({ sha256, sizeBytes }: NewBundle): RegisterBundle {
  return { sha256, size_bytes: sizeBytes, source_kind: "tar_gz" };
}
