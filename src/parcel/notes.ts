/** What a parcel declares and a workload cannot carry, in sentences for `inspect`. */
import type { ParcelTool } from "#protocols/dispatch-courier";
import { assertNever } from "../support/assert-never.ts";
import type { Parcel } from "./load.ts";
import { listed, quoted } from "./printable.ts";

const KNOWN_LIMITS = new Set(["ITERATIONS", "TOOL_CALLS", "TOOL_OUTPUT", "CONTEXT_TOKENS", "TOOL_ROUNDS"]);

/** Returns one sentence per part that is not sent; empty when everything is. Needs neither a key nor the secrets. */
export function workloadNotes({ manifest }: Parcel): string[] {
  const notes: string[] = [];
  const note = (names: readonly string[], sentence: (names: string) => string) => {
    if (names.length > 0) notes.push(sentence(listed([...new Set(names)])));
  };
  note(
    toolNames(manifest.tools, "local"),
    (names) => `local tools (${names}): scripts and schemas travel as files, but nothing runs them`,
  );
  note(toolNames(manifest.tools, "builtin"), (names) => `built-in tools (${names}) are not sent`);
  note(toolNames(manifest.tools, "mcp"), (names) => `MCP servers (${names}) are not sent`);
  note(toolNames(manifest.tools, "a2a"), (names) => `A2A agents (${names}) are not sent`);
  note(
    manifest.tests.map(({ tool }) => tool),
    (names) => `tool tests (${names}) cannot run, because local tools are not run`,
  );
  note(
    manifest.models.fallbacks.filter(({ options }) => Object.keys(options ?? {}).length > 0).map(({ id }) => id),
    (names) => `options of fallback models (${names}) are not sent`,
  );
  if (manifest.models.routing != null) notes.push(`model routing ${quoted(manifest.models.routing)} is not sent`);
  if (manifest.compaction) notes.push("COMPACTION is not sent");
  note(
    manifest.limits.map(({ scope }) => scope.toUpperCase()).filter((scope) => !KNOWN_LIMITS.has(scope)),
    (names) => `LIMIT ${names} is not known here and not sent`,
  );
  note(
    manifest.timeouts.map(({ scope }) => scope.toUpperCase()).filter((scope) => scope !== "RUN"),
    (names) => `TIMEOUT ${names} is not sent; TIMEOUT RUN is`,
  );
  if (manifest.schedules.length + manifest.listeners.length > 0 || manifest.ingress) {
    notes.push("SCHEDULE and LISTEN stay with Dispatch: `dispatch serve` starts each turn");
  }
  if (manifest.framework) notes.push("FRAMEWORK is not sent");
  return notes;
}

function toolNames(tools: readonly ParcelTool[], kind: ParcelTool["kind"]): string[] {
  return tools
    .filter((tool) => tool.kind === kind)
    .map((tool) => {
      switch (tool.kind) {
        case "builtin":
          return tool.capability;
        case "mcp":
          return tool.server;
        case "local":
        case "a2a":
          return tool.alias;
        default:
          return assertNever(tool);
      }
    });
}
