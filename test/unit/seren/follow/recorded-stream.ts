/**
 * A run stream as a server may send it: byte-order mark, both line ends, comments, data over several lines, text of one to
 * four bytes per character, frames without name, with an empty id and without one, names unheard of, data that is no
 * JSON, control frames, a legacy snapshot, and an event that is broken on the wire and whole in the log.
 */
import { state, text } from "./rows.ts";

const call = { sequence_number: 8, type: "tool_call", id: "t1", name: "grep", arguments: '{"q":"ü"}' };
const result = { sequence_number: 9, type: "tool_result", id: "t1", content: "3 Zeilen\n…", is_error: false };

/** The run's log. It shows no row 6: that number went to something else. */
export const LOG = [
  text(1, "Grüße "),
  text(2, "aus\nmehreren Zeilen "),
  text(3, "ohne Namen "),
  text(4, "mit leerer Kennung "),
  text(5, "ohne Kennung "),
  text(7, "mit 😀 "),
  call,
  result,
  text(10, "aus dem Abbild "),
  text(11, "für 5 € "),
  text(12, "aus dem Protokoll."),
];

interface Recorded {
  /** The reader's cursor once it has this frame. */
  reaches?: number;
  bytes: Buffer;
}

const row = (sequence: number) => JSON.stringify(LOG.find((one) => one.sequence_number === sequence));
const frame = (wire: string, reaches?: number): Recorded => ({
  bytes: Buffer.from(wire),
  ...(reaches === undefined ? {} : { reaches }),
});

const FRAMES: Recorded[] = [
  frame("\ufeff: connected\r\n\r\n"),
  frame("retry: 40\r\n\r\n"),
  frame(`id: 1\r\nevent: run.event\r\ndata: ${row(1)}\r\n\r\n`, 1),
  frame(
    `event: run.event\r\nid:2\r\ndata: ${row(2).replaceAll(",", "\r\ndata: ,")}\r\n\r\n`.replace("{", "{\r\ndata: "),
    2,
  ),
  frame(`event: run.state\ndata: ${JSON.stringify(state({ latest_sequence: 12 }))}\n\n`),
  frame(`id: 3\ndata: ${row(3)}\n\n`, 3),
  frame(`id:\nevent: run.event\ndata: ${row(4)}\n\n`, 4),
  frame(`: keep-alive\r\n\r\nevent: run.event\r\ndata: ${row(5)}\r\n\r\n`, 5),
  frame('event: run.metrics\ndata: {"cpu":1}\n\n'),
  frame('id: 6\nevent: run.metrics\ndata: {"cpu":2}\n\n', 6),
  frame("data: ping\n\n"),
  frame(`id: 7\nevent: message\ndata: ${row(7)}\n\n`, 7),
  frame(`id: 8\nevent: run.event\ndata: ${row(8)}\n\n`, 8),
  frame(`id: 9\nevent: run.event\ndata: ${row(9)}\n\n`, 9),
  frame(`event: run\ndata: ${JSON.stringify({ data: { status: "running", output_events: LOG.slice(0, 9) } })}\n\n`, 10),
  frame('event: replay_complete\ndata: {"last_sequence":12,"status":"running"}\n\n'),
  frame(`id: 11\nevent: run.event\ndata: ${row(11)}\n\n`, 11),
  frame(`id: 12\nevent: run.event\ndata: ${row(12).slice(0, -9)}\n\n`, 12),
  frame('event: end\ndata: {"status":"completed"}\n\n'),
];

/** What the server sends to a reader that has everything up to `lastEventId`. */
function recordedFrames(lastEventId?: string): Recorded[] {
  const after = lastEventId === undefined ? -1 : Number(lastEventId);
  // A snapshot and the control frames are sent to everybody.
  return FRAMES.filter(
    ({ reaches, bytes }) => reaches === undefined || reaches > after || bytes.includes("event: run\n"),
  );
}

export function recordedBytes(lastEventId?: string): Buffer {
  return Buffer.concat(recordedFrames(lastEventId).map(({ bytes }) => bytes));
}

/** Where a reader stands that started at `lastEventId` and got the first `count` bytes. */
export function cursorAfter(count: number, lastEventId?: string): string | undefined {
  let end = 0;
  let cursor = lastEventId;
  for (const { bytes, reaches } of recordedFrames(lastEventId)) {
    end += bytes.length;
    if (end > count) break;
    if (reaches !== undefined && reaches > Number(cursor ?? -1)) cursor = String(reaches);
  }
  return cursor;
}

/** The number of bytes after each frame. */
export function frameEnds(): number[] {
  let end = 0;
  return FRAMES.map(({ bytes }) => {
    end += bytes.length;
    return end;
  });
}
