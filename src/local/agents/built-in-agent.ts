/** The built-in agent: deterministic. It follows a script in the message, else it reports what it received. */
import { clipCharacters, splitBytes } from "../../support/clip.ts";
import type { Agent, AgentContext } from "../model/agent-context.ts";
import { parseScript, ScriptError, type Step } from "./script.ts";

const PIECE_BYTES = 4096;
const MAX_INPUTS_CHARS = 4000;

/** `paceMs` is the time between two pieces of the report; scripts set their own. */
export function builtInAgent(paceMs: number): Agent {
  return async (stage) => {
    let steps: Step[] | undefined;
    try {
      steps = parseScript(stage.message ?? "");
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error;
      stage.emit({ type: "error", message: error.message, code: "runtime_error", cause: "config", retryable: false });
      stage.status("failed", error.message);
      return;
    }
    if (steps === undefined) await report(stage, paceMs);
    else for (const step of steps) await perform(stage, step);
  };
}

async function report(stage: AgentContext, paceMs: number): Promise<void> {
  const { message, payload, instructions, earlierTurns } = stage;
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
      await stage.pause(paceMs);
      stage.text(piece);
    }
  }
}

/** Rejects with `RUN_OVER` as soon as the run has ended. */
async function perform(stage: AgentContext, step: Step): Promise<void> {
  switch (step.verb) {
    case "text":
    case "think":
      for (let index = 1; index <= step.n; index += 1) {
        if (index > 1 || step.every_ms > 0) await stage.pause(step.every_ms);
        if (step.verb === "text") stage.text(step.text.replaceAll("{i}", String(index)));
        else stage.emit({ type: "thinking", text: step.think.replaceAll("{i}", String(index)), duration_ms: 0 });
      }
      return;
    case "tool": {
      const id = `call_${stage.nextCall()}`;
      const { tool: name, args, result, error } = step;
      stage.showTool(name);
      stage.emit({ type: "tool_call", id, name, arguments: asText(args ?? {}), status: "in_progress" });
      await stage.pause(step.ms);
      stage.showTool(undefined);
      const content = asText(result ?? "");
      stage.emit({
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
      const answers = await stage.approvals(tools.map((tool) => ({ tool, args: step.args, reason: step.reason })));
      const refused = tools.filter((_, index) => answers[index] !== true);
      if (refused.length === 0) return;
      const text = `Not approved: ${refused.join(", ")}.`;
      if (step.on_reject === "continue") stage.text(text);
      else {
        stage.status("blocked", text);
        await stage.pause();
      }
      return;
    }
    case "artifact":
      return stage.artifact(step.artifact);
    case "sleep_ms":
      return stage.pause(step.sleep_ms);
    case "hang":
      return stage.hang();
    case "error": {
      const { error: message, code = "runtime_error", cause = "agent", retryable = false } = step;
      return stage.emit({ type: "error", message, code, cause, retryable });
    }
    case "fail":
      return stage.status("failed", step.fail);
    case "status":
      return stage.status(step.status, step.message, step.stop_reason);
    case "usage":
      return stage.usage(step.usage);
    case "output":
      return stage.output(step.output);
    case "raw":
      return stage.emitRaw(step.raw);
  }
}

/** Tool arguments and results are strings on the wire, normally JSON text. */
function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
