//! Tools through the host's registry, timed.

use std::{sync::Arc, time::Instant};

use anyhow::{Context as _, Result};
use roder_api::{
    policy_mode::PolicyMode,
    tools::{ToolCall, ToolContributor as _, ToolExecutionContext, ToolRegistry, ToolSpec},
};
use roder_ext_process_host::{ProcessHost, ProcessToolContributor};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
pub struct Call {
    tool: String,
    #[serde(default)]
    arguments: Value,
}

#[derive(Clone, Default)]
pub struct Tools(ToolRegistry);

impl Tools {
    pub fn add(&mut self, host: &Arc<ProcessHost>, id: String, specs: Vec<ToolSpec>) -> Result<()> {
        ProcessToolContributor::new(host.clone(), id, specs).contribute(&mut self.0)
    }

    /// As a model is given them.
    pub fn specs(&self) -> Vec<Value> {
        self.0
            .specs()
            .iter()
            .map(|spec| json!({ "name": spec.name, "description": spec.description, "parameters": spec.parameters }))
            .collect()
    }

    pub async fn call(&self, Call { tool, arguments }: Call) -> Result<Value> {
        let executor = self
            .0
            .get(&tool)
            .with_context(|| format!("no tool {tool} is registered"))?;
        let (thread, turn) = ("thread-1".to_owned(), "turn-1".to_owned());
        let call = ToolCall {
            id: "call-1".to_owned(),
            name: tool,
            raw_arguments: arguments.to_string(),
            arguments,
            thread_id: thread.clone(),
            turn_id: turn.clone(),
        };
        let begun = Instant::now();
        let result = executor
            .execute(
                ToolExecutionContext::new(thread, turn, PolicyMode::Default),
                call,
            )
            .await?;
        Ok(json!({
            "text": result.text,
            "data": result.data,
            "is_error": result.is_error,
            "ms": u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        }))
    }
}
