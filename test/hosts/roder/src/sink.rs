//! A receiver of statuses that takes its time, as a thread store does.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use roder_api::trace::{
    ParentTurnRef, SubagentTraceDelta, SubagentTraceSink, SubagentTraceStatus, SubagentTraceSummary,
};
use serde_json::json;

use crate::findings::Reporter;

pub struct RecordingSink {
    out: Reporter,
    each: Duration,
}

impl RecordingSink {
    pub fn shared(out: Reporter, each: Duration) -> Arc<dyn SubagentTraceSink> {
        Arc::new(Self { out, each })
    }

    fn unexpected(&self, call: &str) {
        self.out.say(json!({ "unexpected": call }));
    }
}

#[async_trait]
impl SubagentTraceSink for RecordingSink {
    async fn trace_status_changed(
        &self,
        trace_id: String,
        _: ParentTurnRef,
        status: SubagentTraceStatus,
        detail: Option<String>,
    ) {
        self.out
            .say(json!({ "trace": trace_id, "state": status, "status": detail }));
        tokio::time::sleep(self.each).await;
    }

    // The process host calls none of these.
    async fn trace_created(&self, _: SubagentTraceSummary) {
        self.unexpected("trace_created");
    }

    async fn trace_delta(&self, _: SubagentTraceDelta) {
        self.unexpected("trace_delta");
    }

    async fn trace_completed(&self, _: SubagentTraceSummary) {
        self.unexpected("trace_completed");
    }

    async fn trace_failed(&self, _: SubagentTraceSummary, _: String) {
        self.unexpected("trace_failed");
    }
}
