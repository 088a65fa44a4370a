/** The blocks of a prompt as one message. */
import type { ContentBlock } from "#protocols/acp";
import { Refusal } from "./wire-error.ts";

const MIN_FENCE = 3;

/** Throws for what the agent does not take, and for a prompt without anything in it. */
export function promptText(blocks: readonly ContentBlock[]): string {
  const text = blocks.map(blockText).join("\n");
  if (text.trim() === "") throw new Refusal("invalid_params", "the prompt is empty");
  return text;
}

function blockText(block: ContentBlock): string {
  switch (block.type) {
    case "text":
      return block.text;
    case "resource_link":
      return `[${block.name}](${block.uri})`;
    case "resource": {
      const { uri, text } = block.resource;
      if (text === undefined)
        throw new Refusal("invalid_params", "an embedded resource without text cannot be sent to the agent");
      return `${uri}\n${fenced(text)}`;
    }
    case "image":
    case "audio":
      throw new Refusal("invalid_params", `${block.type} content is not supported; send text, links or embedded text`);
  }
}

/** Returns a block of code in which no part of the text is read as markup, nor ends the block. */
export function fenced(text: string): string {
  let longest = MIN_FENCE - 1;
  for (const [run] of text.matchAll(/`+/g)) longest = Math.max(longest, run.length);
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${text}${text.endsWith("\n") ? "" : "\n"}${fence}`;
}
