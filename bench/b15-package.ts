import { installed, pack, type Tarball } from "../test/package/tarball.ts";
import type { Benchmark, Options, Row } from "./support/benchmark.ts";
import { aloneRow } from "./support/rows.ts";
import { mib, ms } from "./support/units.ts";

const MOST_BYTES = 2 * 1024 * 1024;

/** The package as npm would publish it. */
export const packageSize: Benchmark = {
  id: "B15",
  title: "the package: size, files, installation of the tarball",
  rounds: 3,
  async run(options) {
    const tarball = await pack();
    try {
      return await measurePackage(tarball, options);
    } finally {
      tarball.remove();
    }
  },
};

export async function measurePackage(tarball: Tarball, { rounds }: Options): Promise<Row[]> {
  const noMaps = [...tarball.bytes].filter(([path]) => !path.endsWith(".map"));
  const unpacked = noMaps.reduce((sum, [, size]) => sum + size, 0);
  const took: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const began = performance.now();
    await installed(tarball);
    took.push(performance.now() - began);
  }
  // A size has no noise: every round has the same.
  const always = (value: number) => Array.from({ length: rounds }, () => value);
  return [
    aloneRow({ what: "unpacked, without maps", ours: always(unpacked), show: mib, most: MOST_BYTES }),
    aloneRow({ what: "files", ours: always(noMaps.length), show: (count) => count.toFixed(0) }),
    aloneRow({ what: "npm install of the tarball", ours: took, show: ms }),
  ];
}
