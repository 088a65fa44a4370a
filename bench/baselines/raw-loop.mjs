/** The least a forwarder of run events can do: HTTP, event-stream parser, JSON in, JSON out, a drained pipe. */
import { once } from "node:events";
import { createParser } from "eventsource-parser";
import { Agent, request } from "undici";

const [line] = await once(process.stdin, "data");
const { id, url } = JSON.parse(line);

let lines = [];
const parser = createParser({
  onEvent({ event, data }) {
    if (event === "run.event") {
      const { type, text, name, arguments: input } = JSON.parse(data);
      const params =
        type === "text"
          ? { kind: "text_delta", content: text }
          : { kind: "tool_call_started", invocation: { name, input }, command: "remote", args: [] };
      lines.push(`${JSON.stringify({ jsonrpc: "2.0", method: "courier.event", params })}\n`);
    } else if (event === "end") lines.push(`${JSON.stringify({ jsonrpc: "2.0", id, result: {} })}\n`);
  },
});
const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 });
const { body } = await request(url, { dispatcher });
const decoder = new TextDecoder();
for await (const chunk of body) {
  parser.feed(decoder.decode(chunk, { stream: true }));
  for (const text of lines) if (!process.stdout.write(text)) await once(process.stdout, "drain");
  lines = [];
}
await dispatcher.close();
