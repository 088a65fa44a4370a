/**
 * Which parts of a message are words of a protocol and no free text. They are never redacted: a secret that happens to be
 * `message` must not rename a member or the kind of an event, and a short one must not damage an id.
 */
import { MASK, type Redactor } from "./redact.ts";

/** Names of members are ours. None of them has a digit. */
const NAME = /^[a-z][a-zA-Z_]*$/;

/** Members whose values are words of a closed list. */
const CLOSED: ReadonlySet<string> = new Set([
  "code",
  "courier_id",
  "event",
  "exit_reason",
  "extension_id",
  "extensionId",
  "from",
  "host",
  "jsonrpc",
  "kind",
  "level",
  "mode",
  "outcome",
  "permission_mode",
  "phase",
  "protocolVersion",
  "role",
  "state",
  "status",
  "stop_reason",
  "stream",
  "topic",
  "type",
]);
const WORD = /^[a-z]+(?:[-_.][a-z]+)*$/;
/** Our longest word is shorter. */
const MAX_WORD_LENGTH = 32;

/** Members whose values identify something. */
const IDENTIFIER = /(?:^|_)(?:id|digest|checksum|sha)$|[a-z]I[Dd]$|Checksum$/;
const ID = /^[a-z0-9]+(?:[-.:][a-z0-9]+)*$/i;
/** Ids are shorter, and what is longer may be anything. */
const MAX_ID_LENGTH = 128;

/** Whether the name of a member is a word of a protocol. */
export function isMemberName(name: string): boolean {
  return name.length <= MAX_WORD_LENGTH && NAME.test(name);
}

/** Returns `text` without secrets, as the value of the member `name`. An id is masked only when all of it is a secret. */
export function redactMember(name: string | undefined, text: string, redactor: Redactor): string {
  const clean = redactor.redact(text);
  if (clean === text || name === undefined) return clean;
  if (CLOSED.has(name) && text.length <= MAX_WORD_LENGTH && WORD.test(text)) return text;
  const isId = clean !== MASK && text.length <= MAX_ID_LENGTH && IDENTIFIER.test(name) && ID.test(text);
  return isId ? text : clean;
}
