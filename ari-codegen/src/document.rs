//! JSON as it is written: members in a chosen order, in one layout.

use serde_json::{Value, json};

/// JSON whose objects keep the order in which their members were put in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Scalar(Value),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl From<&String> for Node {
    fn from(text: &String) -> Self {
        Self::Scalar(json!(text))
    }
}

impl From<Value> for Node {
    fn from(value: Value) -> Self {
        match value {
            Value::Array(elements) => elements.into_iter().collect(),
            Value::Object(members) => {
                Self::Object(members.into_iter().map(|(key, value)| (key, value.into())).collect())
            }
            scalar => Self::Scalar(scalar),
        }
    }
}

impl<Item: Into<Node>> FromIterator<Item> for Node {
    fn from_iter<I: IntoIterator<Item = Item>>(items: I) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

/// Members of an object, in order; absent ones are left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Members(Vec<(String, Node)>);

impl Members {
    pub(crate) fn with(mut self, key: &str, value: impl Into<Node>) -> Self {
        self.0.push((key.to_owned(), value.into()));
        self
    }

    pub(crate) fn with_some(self, key: &str, value: Option<impl Into<Node>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// The members of both, those of `others` last.
    pub(crate) fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.0.iter().any(|(known, _)| known == key)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn with_list(self, key: &str, list: &[String]) -> Self {
        self.with_some(key, (!list.is_empty()).then(|| list.iter().collect::<Node>()))
    }
}

impl FromIterator<(String, Node)> for Members {
    fn from_iter<I: IntoIterator<Item = (String, Node)>>(members: I) -> Self {
        Self(members.into_iter().collect())
    }
}

impl From<Members> for Node {
    fn from(members: Members) -> Self {
        Self::Object(members.0)
    }
}

/// Lines are filled up to here.
const WIDTH: usize = 118;

/// The whole text of a file.
pub(crate) fn text(node: &Node) -> String {
    let mut out = String::new();
    write(&mut out, node, 0, 0);
    out.push('\n');
    out
}

/// Writes a value on one line if it fits, and otherwise each of its parts on separate lines.
fn write(out: &mut String, node: &Node, depth: usize, before: usize) {
    let line = inline(node);
    let (open, close, parts): (char, char, Vec<(String, &Node)>) = match node {
        Node::Object(members) => {
            ('{', '}', members.iter().map(|(key, node)| (format!("{}: ", json!(key)), node)).collect())
        }
        Node::List(elements) => ('[', ']', elements.iter().map(|node| (String::new(), node)).collect()),
        Node::Scalar(_) => (' ', ' ', Vec::new()),
    };
    let fits = 2 * depth + before + line.chars().count() < WIDTH;
    if parts.is_empty() || (fits && depth > 0) {
        out.push_str(&line);
        return;
    }
    out.push(open);
    for (index, (key, part)) in parts.iter().enumerate() {
        out.push_str(if index == 0 { "\n" } else { ",\n" });
        out.push_str(&"  ".repeat(depth + 1));
        out.push_str(key);
        write(out, part, depth + 1, key.chars().count());
    }
    out.push('\n');
    out.push_str(&"  ".repeat(depth));
    out.push(close);
}

fn inline(node: &Node) -> String {
    match node {
        Node::Object(members) if members.is_empty() => "{}".to_owned(),
        Node::Object(members) => {
            let parts: Vec<String> =
                members.iter().map(|(key, node)| format!("{}: {}", json!(key), inline(node))).collect();
            format!("{{ {} }}", parts.join(", "))
        }
        Node::List(elements) => {
            let parts: Vec<String> = elements.iter().map(inline).collect();
            format!("[{}]", parts.join(", "))
        }
        Node::Scalar(scalar) => scalar.to_string(),
    }
}
