use serde_json::Value;

/// The id of a server that documentation uses.
const ENTITY: &str = "00:00:5e:00:53:01";

/// An address that documentation uses.
const ADDRESS: &str = "192.0.2.1";

/// What a server has sent, with nothing in it that tells which one it was or how to get in: hardware addresses,
/// addresses other than this machine's, and what is named like a secret.
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

/// Replaces every run of characters that is such an address.
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
    fn addresses_and_secrets_go() {
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
