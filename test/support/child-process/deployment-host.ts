/** A Dispatch deployment host: a process for each operation, whose input ends right behind the request. */
import {
  DEPLOYMENT_PROTOCOL_VERSION,
  DeploymentErrorDataSchema,
  type DeploymentReply,
  type DeploymentResult,
  DeploymentResultSchema,
} from "#protocols/dispatch-deployment";
import { Child, type StartOptions } from "./child.ts";
import type { Json, Message } from "./line-check.ts";

export interface Answer {
  result?: DeploymentResult;
  error?: { code: string; message: string; details?: Json | undefined };
}

export const deploymentRequest = (id: number, kind: string, params: Json = {}): Json => ({
  jsonrpc: "2.0",
  id,
  method: `deployment.${kind}`,
  params: { kind, ...params, protocol_version: DEPLOYMENT_PROTOCOL_VERSION },
});

export function answerOf(message: Message | undefined): Answer {
  if (message?.kind === "result") return { result: DeploymentResultSchema.parse(message.result) };
  if (message?.kind !== "error") throw new Error("not a reply");
  return { error: DeploymentErrorDataSchema.parse(message.error.data).dispatch_error };
}

export interface OperationOptions extends StartOptions {
  /** Sent with `configure`, when it is given. */
  config?: unknown;
}

/** Sends one operation, as the host does. */
export function startOperation(kind: string, params: Json, { config, ...options }: OperationOptions): Child {
  const child = new Child("deployment", options);
  const lines = [...(config === undefined ? [] : [{ kind: "configure", params: { config } }]), { kind, params }];
  child.send(...lines.map((line, index) => deploymentRequest(index + 1, line.kind, line.params)));
  child.process.stdin?.end();
  return child;
}

/** Returns the reply to the operation; to `configure`, if that was refused. */
export async function operate(kind: string, params: Json, options: OperationOptions): Promise<Answer> {
  const child = startOperation(kind, params, options);
  await child.exited;
  const answers = child.messages.map(answerOf);
  const refused = options.config === undefined ? undefined : answers.find(({ error }) => error);
  const last = refused ?? answers.at(-1);
  if (!last) throw new Error(`no reply: ${child.stderr}`);
  return last;
}

/** Returns the deployment of a reply. */
export function deployedIn({ result, error }: Answer): DeploymentReply {
  if (result?.kind === "deployment" || result?.kind === "deployment_detail") return result.deployment;
  throw new Error(`no deployment: ${JSON.stringify(error ?? result)}`);
}
