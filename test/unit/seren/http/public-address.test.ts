import { expect, test } from "vitest";
import { isPublicIp, publicLookup } from "../../../../src/seren/http/public-address.ts";

test.each(["1.1.1.1", "8.8.8.8", "172.32.0.1", "198.18.0.1", "2606:4700::1111", "64:ff9b::8.8.8.8"])(
  "%s is public",
  (address) => expect(isPublicIp(address)).toBe(true),
);

test.each(["", "example.org", "127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "2001:db8::1", "ff02::1"])(
  "%j is not",
  (address) => expect(isPublicIp(address)).toBe(false),
);

test.each([
  [{ all: true }, [[{ address: "1.1.1.1", family: 4 }]]],
  [{}, ["1.1.1.1", 4]],
])("a public address is handed on in the form that was asked for: %j", (options, expected) => {
  const lookup = publicLookup((_, __, callback) => callback(null, [{ address: "1.1.1.1", family: 4 }]));
  let got: unknown[] = [];
  lookup("name.example", options, (error, ...rest) => {
    got = [error, ...rest];
  });
  expect(got).toEqual([null, ...expected]);
});
