/** Reads all of stdin, for `-` and `--stdin`. */
import { ExecutionFailure } from "../../../support/failure.ts";
import type { Screen } from "./screen.ts";

/** Limit of a message, which is sent to the service as one JSON string. */
const MAX_BYTES = 4 * 1024 * 1024;

/** Throws `invalid_input` for more than `maxBytes` (default: 4 MiB) and for bytes that are not UTF-8. */
export async function readStdin({ stdin }: Pick<Screen, "stdin">, maxBytes = MAX_BYTES): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > maxBytes) {
      throw new ExecutionFailure("invalid_input", `stdin is larger than ${maxBytes / 1024 / 1024} MiB`);
    }
    chunks.push(bytes);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch (cause) {
    throw new ExecutionFailure("invalid_input", "stdin is not UTF-8 text", { cause });
  }
}
