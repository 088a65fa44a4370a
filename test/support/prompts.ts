/** Prompts as people and models write them: long, odd, in many scripts, and some that look like something else. */
const PARAGRAPH =
  "We have three services that write to the same queue. Since Tuesday's deploy about 2% of the messages arrive twice, always in " +
  'pairs, and always when the consumer has been restarted. The logs say "lease lost", but the lease is 30 s and the work takes 4. ' +
  "Please find out which side is wrong, and don't propose a bigger lease: we tried that in March.\n\n";

export const PROMPTS: Readonly<Record<string, string>> = {
  "one line of 300 characters":
    "Summarise the attached minutes and list every open question with the name of its owner, ".repeat(4).trim(),
  paragraphs: `${PARAGRAPH}${PARAGRAPH}What I need:\n\n1. the cause\n2. a fix\n3. how to tell that it is fixed\n`,
  "a list that begins with a dash":
    "- read the change log\n- --verbose is an option of theirs, keep it\n- -1 is a valid temperature\n",
  addresses:
    "Compare https://example.com/a/b?x=1&y=%20%2F#top with http://[::1]:8080/metrics, then mail mailto:ops@example.com;\nsee also file:///etc/hosts and C:\\Users\\me\\notes.txt\n",
  "code and quotes":
    'Why does this fail?\n\n```sh\nfor f in *.log; do echo "$f: $(wc -l < \'$f\')" && rm -rf "$TMP"/x; done | tee `date +%F`.txt\n```\n\n' +
    '```json\n{"a": [1, 2, {"b": "\\"quoted\\" \\\\ \\n"}], "c": null}\n```\nIt\'s 100% reproducible (%s %d {0} $x <b>&amp;</b>).',
  "other scripts":
    "请总结以下内容。日本語でも答えてください。اكتب ملخصًا، ثم ترجم النص. כתוב סיכום. Напиши итог. हिन्दी में उत्तर दें। สรุปให้หน่อย 👩‍👩‍👧‍👦🏳️‍🌈 e\u0301 ß ﬁ",
  "line ends of Windows, tabs, trailing blanks": "First line\r\n\tsecond, indented  \r\n\r\nlast   ",
  "escape sequences": "The terminal showed \x1b[31mred\x1b[0m, a bell \x07 and \x1b]0;a title\x07: what prints that?",
  "a message of the protocol":
    '{"jsonrpc":"2.0","id":1,"method":"courier.shutdown","params":{"kind":"shutdown","protocol_version":1}}\n{"jsonrpc":"2.0","id":1,"result":{}}\n',
  "200 kB": PARAGRAPH.repeat(Math.ceil(200_000 / PARAGRAPH.length)),
};
