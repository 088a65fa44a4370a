/** The built-in agent. It is deterministic: it follows the script in the message, or reports what it received. */
import { clipCharacters, splitBytes } from "../../support/clip.ts";
import type { Agent, AgentContext } from "../model/agent-context.ts";
import { parseScript, ScriptError, type Step } from "./script.ts";

const PIECE_BYTES = 4096;
const MAX_INPUTS_CHARS = 4000;

/** `paceMs` is the time between two pieces of the report; scripts set their own pace. */
export function builtInAgent(paceMs: number): Agent {
  return async (context) => {
    let steps: Step[] | undefined;
    try {
      steps = parseScript(context.message ?? "");
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error;
      context.emit({ type: "error", message: error.message, code: "runtime_error", cause: "config", retryable: false });
      context.status("failed", error.message);
      return;
    }
    if (steps === undefined) return report(context, paceMs);
    for (const step of steps) {
      if (context.isInterruptionDue) await context.pause();
      await performStep(context, step);
    }
  };
}

async function report(context: AgentContext, paceMs: number): Promise<void> {
  const { message, payload, instructions, earlierTurns } = context;
  const parts = [
    message === undefined ? "No message was sent.\n" : `You said: ${message}\n`,
    `Instructions: ${instructions.length > 0 ? instructions.join(", ") : "none"}.\n`,
    `Earlier turns in this conversation: ${earlierTurns}.\n`,
  ];
  if (payload.inputs !== undefined) {
    parts.push(`Inputs: ${clipCharacters(JSON.stringify(payload.inputs), MAX_INPUTS_CHARS)}\n`);
  }
  for (const part of parts) {
    for (const piece of splitBytes(part, PIECE_BYTES)) {
      await context.pause(paceMs);
      context.text(piece);
    }
  }
}

/** Rejects with `RUN_OVER` when the run ends. */
async function performStep(context: AgentContext, step: Step): Promise<void> {
  switch (step.verb) {
    case "text":
    case "think":
      for (let index = 1; index <= step.n; index += 1) {
        if (index > 1 || step.every_ms > 0) await context.pause(step.every_ms);
        if (step.verb === "text") context.text(step.text.replaceAll("{i}", String(index)));
        else context.emit({ type: "thinking", text: step.think.replaceAll("{i}", String(index)), duration_ms: 0 });
      }
      return;
    case "tool": {
      const id = `call_${context.nextCallNumber()}`;
      const { tool: name, args, result, error } = step;
      context.showTool(name);
      context.emit({ type: "tool_call", id, name, arguments: asText(args ?? {}), status: "in_progress" });
      await context.pause(step.ms);
      context.showTool(undefined);
      const content = asText(result ?? "");
      context.emit({
        type: "tool_result",
        id,
        content,
        is_error: error === true,
        ...(error === true ? { code: "tool_provider_failed", retryable: false } : {}),
      });
      return;
    }
    case "approve": {
      const tools = typeof step.approve === "string" ? [step.approve] : step.approve;
      const approved = await context.approvals(tools.map((tool) => ({ tool, args: step.args, reason: step.reason })));
      const refused = tools.filter((_, index) => !approved[index]);
      if (refused.length === 0) return;
      return refuse(context, `Not approved: ${refused.join(", ")}.`, step.on_reject);
    }
    case "egress": {
      const { host, port } = step.egress;
      if (await context.egress(step.egress)) return;
      return refuse(context, `Not allowed: ${host}:${port}.`, step.on_deny);
    }
    case "ask": {
      const { ask: subkind, payload, reason } = step;
      if (await context.ask({ subkind, payload, reason })) return;
      return refuse(context, `Not allowed: ${subkind}.`, step.on_deny);
    }
    case "interrupt":
      return context.interrupt(step.interrupt);
    case "artifact":
      return context.artifact(step.artifact);
    case "sleep_ms":
      return context.pause(step.sleep_ms);
    case "hang":
      return context.hang();
    case "error": {
      const { error: message, code = "runtime_error", cause = "agent", retryable = false } = step;
      return context.emit({ type: "error", message, code, cause, retryable });
    }
    case "fail":
      return context.status("failed", step.fail);
    case "status":
      return context.status(step.status, step.message, step.stop_reason);
    case "usage":
      return context.usage(step.usage);
    case "output":
      return context.output(step.output);
    case "raw":
      return context.emitRaw(step.raw);
  }
}

async function refuse(context: AgentContext, text: string, onRefusal: "block" | "continue"): Promise<void> {
  if (onRefusal === "continue") return context.text(text);
  context.status("blocked", text);
  await context.pause();
}

/** The published events carry tool arguments and results as strings, normally JSON text. */
function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
