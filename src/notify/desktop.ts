/** The system's own command for a notice on the desktop. Texts are arguments or variables of it, never code. */
import { markUnseen } from "../support/unseen.ts";
import type { NoticeWords } from "./notice-words.ts";

export interface DesktopCommand {
  command: [program: string, ...args: string[]];
  environment: Record<string, string>;
}

const MAC_SCRIPT = [
  "on run argv",
  "display notification (item 2 of argv) with title (item 1 of argv)",
  "end run",
].flatMap((line) => ["-e", line]);

const WINDOWS_SCRIPT = `
$kind = [Windows.UI.Notifications.ToastTemplateType, Windows.UI.Notifications, ContentType = WindowsRuntime]::ToastText02
$manager = [Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime]
$xml = $manager::GetTemplateContent($kind)
$texts = $xml.GetElementsByTagName('text')
[void]$texts.Item(0).AppendChild($xml.CreateTextNode($env:NOTICE_TITLE))
[void]$texts.Item(1).AppendChild($xml.CreateTextNode($env:NOTICE_BODY))
$app = '{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\\WindowsPowerShell\\v1.0\\powershell.exe'
$manager::CreateToastNotifier($app).Show([Windows.UI.Notifications.ToastNotification]::new($xml))
`;

export function desktopCommand(words: NoticeWords, platform: NodeJS.Platform): DesktopCommand {
  const [title, body] = [shown(words.title), shown(words.body)];
  switch (platform) {
    case "win32":
      return {
        command: ["powershell.exe", "-NoProfile", "-NonInteractive", "-Command", WINDOWS_SCRIPT],
        environment: { NOTICE_TITLE: title, NOTICE_BODY: body },
      };
    case "darwin":
      return { command: ["osascript", ...MAC_SCRIPT, title, body], environment: {} };
    default:
      return { command: ["notify-send", "--app-name=seren-bridge", "--", title, escaped(body)], environment: {} };
  }
}

/** No program can be given a NUL, toasts are XML, which has no control characters, and nothing may change the order of what is read. */
function shown(text: string): string {
  return markUnseen(text, () => "");
}

/**
 * Desktops read the body as markup, after notify-send has read it as a string of C: `\074` would be a `<`, and `\377`, which
 * is no text, ends notify-send before it has told anything.
 */
function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
