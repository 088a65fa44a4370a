/** Ways in which a notice reaches a person outside this program: the desktop, and a command of theirs. */
export { desktopCommand } from "./desktop.ts";
export { lineOfNotice, wordsOfNotice } from "./notice-words.ts";
