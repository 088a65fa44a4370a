/** Lines that are no requests: each is refused without an id, or ignored. */
import type { SeededRandom } from "../support/in-process/seeded-random.ts";

const INVALID_LINES: readonly (string | Buffer)[] = [
  "",
  "   ",
  "rubbish",
  '{"jsonrpc":"2.0","id":',
  "[]",
  "[[[[[[",
  "null",
  "12e999",
  '"text"',
  '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}',
  '{"jsonrpc":"2.0","method":"events/handle","params":{"envelope":null}}',
  '{"jsonrpc":"2.0","id":1,"result":{}}',
  '{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"x"}}',
  '{"id":{},"method":"tasks/execute","params":[]}',
  '{"jsonrpc":"2.0","id":1.5,"method":"tasks/execute"}',
  Buffer.from([0xff, 0xfe, 0x00]),
  Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x7d]),
  `\ufeff{"a":${"[".repeat(3_000)}`,
];

export const invalidLine = (random: SeededRandom): string | Buffer => random.pick(INVALID_LINES);
