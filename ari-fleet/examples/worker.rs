//! A worker that takes orders. Its calls survive it: start it twice, call, and kill the one that serves the call.
//!
//! `cargo run --package ari-fleet --example worker -- nats://127.0.0.1:4222 reception`

use ari_app::{Call, CallError};
use ari_fleet::Fleet;
use serde::{Deserialize, Serialize};

/// What a call has come to, which another worker can continue.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Order {
    article: Option<String>,
    count: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let servers = words.next().unwrap_or_else(|| "nats://127.0.0.1:4222".to_owned());
    let app = words.next().unwrap_or_else(|| "reception".to_owned());
    tracing_subscriber::fmt().init();
    Fleet::connect(&servers).await?.app(&app).hand_over(true).serve(order).await?;
    Ok(())
}

async fn order(call: Call) -> Result<(), CallError> {
    let mut order: Order = call.resumed().await?.unwrap_or_default();
    if order.article.is_none() {
        call.answer().await?;
        order.article = call.ask("sound:demo-instruct").tries(3).await?;
        call.checkpoint(&order).await?;
    }
    if order.count.is_none() {
        order.count = call.ask("sound:vm-enter-num-to-call").tries(3).await?;
        call.checkpoint(&order).await?;
    }
    call.say("sound:auth-thankyou").await.map(drop)
}
