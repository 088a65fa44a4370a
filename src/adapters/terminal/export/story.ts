/** The entries of a transcript as what a reader sees: a call and its result are one item, and so are a wait and its decision. */
import type { Artifact, RunTranscript, TranscriptEntry } from "../../../core/index.ts";

interface Place {
  /** Index of the entry that begins it. */
  from: number;
  /** Index of the entry that ends it; absent while it goes on. */
  to?: number;
  /** How long it took, where the service says it. */
  tookMs?: number;
}

export type Item = Place &
  (
    | { kind: "text" | "thinking"; text: string }
    | { kind: "tool"; name: string; arguments?: string; result?: { content: string; isError: boolean } }
    | { kind: "approval"; tool?: string; reason?: string; decision?: string }
    | { kind: "artifact"; artifact: Artifact }
    | { kind: "note"; level: "info" | "warning"; text: string }
  );

export type Tool = Extract<Item, { kind: "tool" }>;
export type Wait = Extract<Item, { kind: "approval" }>;

export function storyOf({ entries, approvals }: RunTranscript): Item[] {
  const items: Item[] = [];
  const tools = new Map<string, Tool>();
  const waits: { about: string | undefined; item: Wait }[] = [];
  for (const [at, entry] of entries.entries()) {
    const item = added(at, entry, { tools, waits });
    if (item) items.push(item);
  }
  // The wait in the log has no name of the tool; what waits now is known by the record, in the same order.
  const open = waits.map(({ item }) => item).filter(({ to }) => to === undefined);
  for (const [index, { tool, reason }] of approvals.entries()) {
    const known = open[index];
    const what = { tool, ...(reason === undefined ? {} : { reason }) };
    if (known) Object.assign(known, what);
    else items.push({ kind: "approval", from: entries.length, ...what });
  }
  return items;
}

/** Returns the item that an entry begins; undefined when it belongs to an earlier one. */
function added(
  at: number,
  { event, tookMs, about }: TranscriptEntry,
  { tools, waits }: { tools: Map<string, Tool>; waits: { about: string | undefined; item: Wait }[] },
): Item | undefined {
  const took = tookMs === undefined ? {} : { tookMs };
  switch (event.type) {
    case "text":
    case "thinking":
      return { kind: event.type, text: event.text, from: at, to: at, ...took };
    case "tool_call": {
      const tool: Tool = { kind: "tool", name: event.name, arguments: event.arguments, from: at };
      tools.set(event.id, tool);
      return tool;
    }
    case "tool_result": {
      const result = { content: event.content, isError: event.isError };
      const tool = tools.get(event.id);
      if (!tool) return { kind: "tool", name: event.name, result, from: at, to: at, ...took };
      Object.assign(tool, { result, to: at, ...took });
      return undefined;
    }
    case "approval_wait": {
      const item: Wait = {
        kind: "approval",
        from: at,
        ...(event.reason === undefined ? {} : { reason: event.reason }),
      };
      waits.push({ about, item });
      return item;
    }
    case "decision": {
      const open = waits.findIndex((wait) => about === undefined || wait.about === about);
      const [wait] = open < 0 ? [] : waits.splice(open, 1);
      if (!wait) return { kind: "note", level: "info", text: `decided: ${event.decision}`, from: at, to: at };
      Object.assign(wait.item, { decision: event.decision, to: at });
      return undefined;
    }
    case "artifact":
      return { kind: "artifact", artifact: event.artifact, from: at, to: at };
    case "notice":
      return { kind: "note", level: event.level, text: event.message, from: at, to: at };
    case "status":
    case "usage":
      return undefined;
  }
}
