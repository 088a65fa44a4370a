//! Findings leave as whole lines, in the order in which they were made.

use std::io::Write as _;

use serde_json::{Value, json};
use tokio::sync::mpsc;

#[derive(Clone)]
pub struct Findings(mpsc::UnboundedSender<Value>);

impl Findings {
    /// A thread of its own writes, so that a slow reader never slows the host code down.
    pub fn to_stdout() -> Self {
        let (sender, mut receiver) = mpsc::unbounded_channel::<Value>();
        std::thread::spawn(move || {
            let mut stdout = std::io::stdout();
            while let Some(finding) = receiver.blocking_recv() {
                let written = writeln!(stdout, "{finding}").and_then(|()| stdout.flush());
                if written.is_err() {
                    std::process::exit(0);
                }
            }
        });
        Self(sender)
    }

    pub fn about(&self, id: u64) -> Reporter {
        Reporter {
            id,
            findings: self.clone(),
        }
    }

    pub fn say(&self, finding: Value) {
        let _ = self.0.send(finding);
    }
}

/// Findings about one command.
#[derive(Clone)]
pub struct Reporter {
    id: u64,
    findings: Findings,
}

impl Reporter {
    pub fn id(&self) -> u64 {
        self.id
    }

    pub fn say(&self, mut finding: Value) {
        finding["id"] = json!(self.id);
        self.findings.say(finding);
    }

    pub fn result(&self, result: anyhow::Result<Value>) {
        match result {
            Ok(value) => self.say(json!({ "ok": value })),
            Err(error) => self.say(json!({ "error": chain(&error) })),
        }
    }
}

/// The text a caller of the host's code would log.
pub fn chain(error: &anyhow::Error) -> String {
    format!("{error:#}")
}
