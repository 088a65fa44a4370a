/**
 * The tool calls of a turn, by the names under which the client knows them. The service uses its ids again in the next run;
 * here an id belongs to one card of a session for good.
 */
import type { SessionUpdate, ToolKind } from "#protocols/acp";
import { clipped, textContent, toolInput, toolKind, toolTitle } from "./tool-card.ts";

/** Open calls that are remembered. An agent that opens more has lost count. */
const MAX_OPEN = 512;

type Ended = "completed" | "failed";

export class ToolCalls {
  readonly #prefix: string;
  /** Names of open cards, by the ids of the service. */
  readonly #open = new Map<string, string>();
  #last = 0;

  /** `prefix` is different for each turn. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  *begin({ id, name, args }: { id: string; name: string; args: string }): Generator<SessionUpdate, void, void> {
    const rawInput = toolInput(args);
    const shown = rawInput ? { rawInput } : args === "" ? {} : { content: [textContent(clipped(args))] };
    yield* this.announce(id, { title: toolTitle(name, args), kind: toolKind(name), status: "in_progress", ...shown });
  }

  /** Opens a card of another call than one of a tool. An earlier one with this id ends: it cannot be reached any more. */
  *announce(
    id: string,
    card: Omit<Extract<SessionUpdate, { sessionUpdate: "tool_call" }>, "sessionUpdate" | "toolCallId">,
  ): Generator<SessionUpdate, void, void> {
    yield* this.end(id, "failed");
    const [oldest] = this.#open.keys();
    if (this.#open.size >= MAX_OPEN && oldest !== undefined) yield* this.end(oldest, "failed");
    const toolCallId = this.#newName();
    this.#open.set(id, toolCallId);
    yield { sessionUpdate: "tool_call", toolCallId, ...card };
  }

  *result({
    id,
    name,
    content,
    isError,
  }: {
    id: string;
    name: string;
    content: string;
    isError: boolean;
  }): Generator<SessionUpdate, void, void> {
    if (!this.#open.has(id)) yield* this.begin({ id, name, args: "" });
    yield* this.end(id, isError ? "failed" : "completed", content);
  }

  /** Nothing happens for an id without an open card. */
  *end(id: string, status: Ended, text = ""): Generator<SessionUpdate, void, void> {
    const toolCallId = this.#open.get(id);
    if (toolCallId === undefined) return;
    this.#open.delete(id);
    const content = text === "" ? {} : { content: [textContent(clipped(text))] };
    yield { sessionUpdate: "tool_call_update", toolCallId, status, ...content };
  }

  /** The turn is over. Clients would show what is open as going on for ever. */
  *endAll(): Generator<SessionUpdate, void, void> {
    for (const id of [...this.#open.keys()]) yield* this.end(id, "failed");
  }

  /** A card that is complete as it is. */
  *done(title: string, kind: ToolKind, content: Content): Generator<SessionUpdate, void, void> {
    yield { sessionUpdate: "tool_call", toolCallId: this.#newName(), title, kind, status: "completed", content };
  }

  nameOf(id: string): string | undefined {
    return this.#open.get(id);
  }

  #newName(): string {
    this.#last += 1;
    return `${this.#prefix}-${this.#last}`;
  }
}

type Content = NonNullable<Extract<SessionUpdate, { sessionUpdate: "tool_call" }>["content"]>;
