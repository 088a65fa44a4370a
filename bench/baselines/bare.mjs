/** What Node alone costs: a loop that answers each line at once. */
import { createInterface } from "node:readline";

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id: JSON.parse(line).id, result: {} })}\n`);
}
