/**
 * Events of a run as updates of this protocol. Words of this program are thoughts or cards, never part of the message: the
 * message is the answer, and equals the record of the run.
 */
import type { SessionUpdate } from "#protocols/acp";
import { type Artifact, type ExecutionEvent, type RunRef, withAdvice } from "../../core/index.ts";
import { assertNever } from "../../support/assert-never.ts";
import { splitBytes } from "../../support/clip.ts";
import type { ToolCalls } from "./tool-calls.ts";
import { shortTitle, textContent } from "./tool-card.ts";

/** A line may have 1 MiB, and JSON escapes make one byte up to six. */
const MAX_CHUNK_BYTES = 128 * 1024;
const MAX_LINK_CHARS = 2_000;

export interface TurnState {
  /** One for the whole answer. */
  messageId: string;
  calls: ToolCalls;
  run: RunRef | undefined;
}

export function* toUpdates(event: ExecutionEvent, turn: TurnState): Generator<SessionUpdate, void, void> {
  switch (event.type) {
    case "text":
      for (const text of splitBytes(event.text, MAX_CHUNK_BYTES)) {
        const { messageId } = turn;
        yield { sessionUpdate: "agent_message_chunk", messageId, content: { type: "text", text } };
      }
      return;
    case "thinking":
      yield* thoughts(event.text);
      return;
    case "tool_call":
      yield* turn.calls.begin({ id: event.id, name: event.name, args: event.arguments });
      return;
    case "tool_result":
      yield* turn.calls.result(event);
      return;
    case "artifact":
      yield* artifactCard(event.artifact, turn);
      return;
    case "notice":
      yield* ownWords(withAdvice(event));
      return;
    case "status":
    case "approval_wait":
    case "usage":
      return;
    default:
      assertNever(event);
  }
}

function* thoughts(words: string): Generator<SessionUpdate, void, void> {
  for (const text of splitBytes(words, MAX_CHUNK_BYTES)) {
    yield { sessionUpdate: "agent_thought_chunk", content: { type: "text", text } };
  }
}

/** Returns words of this program, as a paragraph of their own among the agent's thoughts. */
export function ownWords(words: string): Generator<SessionUpdate, void, void> {
  return thoughts(`\n\n${words}\n\n`);
}

/** An address that carries its own permission is not shown: it is a credential, and it expires. */
export function* artifactCard(
  { id, title, kind, uri }: Artifact,
  { calls, run }: TurnState,
): Generator<SessionUpdate, void, void> {
  const name = shortTitle(title ?? id);
  const link = plainLink(uri);
  const where = run?.url ? `; see ${run.url}` : "";
  const content = link
    ? { type: "content" as const, content: { type: "resource_link" as const, name, uri: link } }
    : textContent(`${name} (${shortTitle(kind)})${where}`);
  yield* calls.done(shortTitle(`Artifact: ${name}`), "other", [content]);
}

function plainLink(uri: string | undefined): string | undefined {
  if (uri === undefined || uri.length > MAX_LINK_CHARS || !URL.canParse(uri)) return undefined;
  const { protocol, username, password, search } = new URL(uri);
  return protocol === "https:" && !username && !password && !search ? uri : undefined;
}
