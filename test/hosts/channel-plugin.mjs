#!/usr/bin/env node
/** A channel for the tests under the real host: its configuration is the one message it has, and it takes any reply. */
import { createInterface } from "node:readline";

const eventOf = ({ text = "hello", room = "room-1" }) => ({
  event_id: `event-${text}`,
  platform: "test",
  event_type: "message",
  received_at: new Date().toISOString(),
  conversation: { id: room, kind: "room" },
  actor: { id: "person-1" },
  message: { id: `message-${text}`, content: text, content_type: "text/plain" },
});

const results = {
  poll_ingress: ({ config }) => ({ kind: "ingress_events_received", events: [eventOf(config ?? {})] }),
  deliver: () => ({ kind: "delivered", delivery: { message_id: "reply-1", conversation_id: "room-1" } }),
  status: () => ({ kind: "status_accepted", status: { accepted: true } }),
};

createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, params } = JSON.parse(line);
  const result = results[params.kind]?.(params) ?? { kind: "ok" };
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, result })}\n`);
});
