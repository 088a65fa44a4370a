/** The log that Roder keeps of a task: 65,536 bytes, the oldest chunks are dropped first. */
const RING_BYTES = 65_536;

export class TaskLogRing {
  readonly entries: { stream: string; chunk: string }[] = [];
  droppedBytes = 0;
  #bytes = 0;

  push(stream: string, chunk: string): void {
    const size = Buffer.byteLength(chunk);
    // The host truncates such a chunk at a byte and panics if that is inside a character.
    if (size > RING_BYTES) throw new Error("a chunk that may make the host panic");
    this.entries.push({ stream, chunk });
    this.#bytes += size;
    while (this.#bytes > RING_BYTES) {
      const oldest = Buffer.byteLength(this.entries.shift()?.chunk ?? "");
      this.#bytes -= oldest;
      this.droppedBytes += oldest;
    }
  }
}
