/** What Seren's own tools allow of an agent's files, counted in raw bytes before base64; the service documents no limit. */
import type { BundleAsset, BundleInstruction } from "#protocols/seren-cloud";
import { MAX_ASSET_BYTES, MAX_BUNDLE_BYTES, MAX_INSTRUCTION_BYTES } from "../../../parcel/index.ts";
import type { Issues } from "./issues.ts";

interface AgentFiles {
  instructions?: readonly BundleInstruction[] | undefined;
  assets?: readonly BundleAsset[] | undefined;
}

export function checkInlineSizes({ instructions = [], assets = [] }: AgentFiles, field: string, issues: Issues): void {
  let total = 0;
  const check = (size: number, max: number, at: string) => {
    total += size;
    if (size > max) issues.add(at, "too_large", `has ${size} bytes; at most ${max} are possible. Deploy it as code`);
  };
  for (const [index, { content }] of instructions.entries())
    check(Buffer.byteLength(content), MAX_INSTRUCTION_BYTES, `${field}.instructions[${index}].content`);
  for (const [index, { content_base64 }] of assets.entries())
    check(Buffer.byteLength(content_base64, "base64"), MAX_ASSET_BYTES, `${field}.assets[${index}].content_base64`);
  if (total > MAX_BUNDLE_BYTES) {
    issues.add(
      field,
      "too_large",
      `its files have ${total} bytes; at most ${MAX_BUNDLE_BYTES} are possible. Deploy it as code`,
    );
  }
}
