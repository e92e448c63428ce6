use serde_json::Value;

/// A server id (a hardware address) reserved for documentation.
const ENTITY: &str = "00:00:5e:00:53:01";

/// An address reserved for documentation.
const ADDRESS: &str = "192.0.2.1";

/// Removes what identifies a server or gives access to it: hardware addresses, addresses of other machines, and members
/// whose name suggests a secret.
#[must_use]
pub fn redact(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(redact_text(text)),
        Value::Array(items) => items.iter().map(redact).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| {
                let value = if is_secret(name) && value.is_string() { "removed".into() } else { redact(value) };
                (name.clone(), value)
            })
            .collect(),
        other => other.clone(),
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["password", "secret", "authorization", "api_key", "md5_cred"].iter().any(|word| name.contains(word))
}

/// Replaces every address in a text.
fn redact_text(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut run = String::new();
    for c in text.chars() {
        if c.is_ascii_hexdigit() || matches!(c, '.' | ':') {
            run.push(c);
        } else {
            cleaned.push_str(replacement(&run));
            run.clear();
            cleaned.push(c);
        }
    }
    cleaned.push_str(replacement(&run));
    cleaned
}

fn replacement(run: &str) -> &str {
    let is_hardware = run.split(':').count() == 6 && run.split(':').all(|part| part.len() == 2);
    let is_ipv4 = |text: &str| text.split('.').count() == 4 && text.split('.').all(|part| part.parse::<u8>().is_ok());
    let host = run.split(':').next().unwrap_or(run);
    match () {
        () if is_hardware => ENTITY,
        () if is_ipv4(host) && host != "127.0.0.1" && host != "0.0.0.0" => ADDRESS,
        () => run,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn redact_removes_addresses_and_secrets() {
        let sent = json!({
            "asterisk_id": "02:42:ac:11:00:02",
            "uri": "sip:a@10.1.2.3:5060;x=1",
            "own": "127.0.0.1:5060",
            "timestamp": "2026-11-23T11:49:38.950+0000",
            "version": "22.10.1",
            "members": [{ "Password": "p" }]
        });
        let cleaned = json!({
            "asterisk_id": ENTITY,
            "uri": "sip:a@192.0.2.1;x=1",
            "own": "127.0.0.1:5060",
            "timestamp": "2026-11-23T11:49:38.950+0000",
            "version": "22.10.1",
            "members": [{ "Password": "removed" }]
        });
        assert_eq!(redact(&sent), cleaned);
    }
}
