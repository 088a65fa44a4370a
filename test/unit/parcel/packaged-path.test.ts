import { posix, win32 } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { packagedPath } from "../../../src/parcel/packaged-path.ts";
import { ExecutionFailure } from "../../../src/support/failure.ts";

test.each([
  ["SOUL.md", "SOUL.md"],
  ["./SOUL.md", "SOUL.md"],
  ["a/./b//c/", "a/b/c"],
  ["a/../b", "b"],
  ["...", "..."],
  ["..a", "..a"],
  ["notes/ünïcode.md", "notes/ünïcode.md"],
  ["a b/c:d", "a b/c:d"],
])("%j is %j", (written, path) => {
  expect(packagedPath(written)).toBe(path);
});

test("the result is inside the folder on every system, whatever was written", () => {
  const piece = fc.constantFrom("..", ".", "", "a", "b.md", "C:", "\\", "\0", "...", "~");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), fc.boolean(), (pieces, dense) => {
      let path: string;
      try {
        path = packagedPath(pieces.join(dense ? "" : "/"));
      } catch (error) {
        expect(error).toBeInstanceOf(ExecutionFailure);
        return;
      }
      expect(posix.normalize(path)).toBe(path);
      expect(posix.resolve("/root/context", path).startsWith("/root/context/")).toBe(true);
      expect(win32.resolve("C:\\root\\context", path).startsWith("C:\\root\\context\\")).toBe(true);
    }),
    { numRuns: 2000 },
  );
});
