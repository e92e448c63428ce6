//! Lines as wide as those of hand-written code: `prettyplease` breaks at 89 columns, the workspace at 120.

/// The longest line.
pub(super) const WIDTH: usize = 120;

/// Joins what `prettyplease` has broken into several lines wherever it fits into one.
pub(super) fn joined(text: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.iter_mut().filter(|line| line.starts_with("call!(")).for_each(|line| *line = types_of_call(line));
    // What has been joined may make what surrounds it fit.
    loop {
        let before = lines.len();
        lines = pass(&lines);
        if lines.len() == before {
            break;
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

/// A call of `call!`, whose arguments are mere tokens to `prettyplease`: types without its spaces.
fn types_of_call(line: &str) -> String {
    line.replace(" < ", "<").replace(" >)", ">)")
}

fn pass(lines: &[String]) -> Vec<String> {
    let mut out = Vec::with_capacity(lines.len());
    let mut at = 0;
    while at < lines.len() {
        let rest = &lines[at..];
        let one = bracketed(rest).or_else(|| chained(rest)).or_else(|| arm(rest));
        let (line, used) = one.unwrap_or_else(|| (lines[at].clone(), 1));
        out.push(line);
        at += used;
    }
    out
}

/// Joins a bracket that is opened at the end of a line with its content and its end.
fn bracketed(lines: &[String]) -> Option<(String, usize)> {
    let first = &lines[0];
    let close = match first.chars().last()? {
        '(' => ')',
        '[' => ']',
        '<' => '>',
        _ => return None,
    };
    let indent = indent(first);
    if is_comment(first) {
        return None;
    }
    let end = 1 + lines[1..].iter().position(|line| self::indent(line) <= indent)?;
    let is_simple = |line: &String| {
        self::indent(line) == indent + 4
            && !is_comment(line)
            && !line.ends_with(['(', '[', '{', '<'])
            && !line.ends_with(';')
    };
    if !lines[end].trim_start().starts_with(close) || !lines[1..end].iter().all(is_simple) {
        return None;
    }
    let content: Vec<&str> = lines[1..end].iter().map(|line| line.trim()).collect();
    let is_tuple_of_one = content.len() == 1 && close == ')' && !is_call(first);
    let mut content = content.join(" ");
    if !is_tuple_of_one {
        content.truncate(content.trim_end_matches(',').len());
    }
    let line = format!("{first}{content}{}", lines[end].trim_start());
    fits(line, end + 1)
}

/// Whether the bracket that ends a line follows what is called, or declared with parameters.
fn is_call(line: &str) -> bool {
    let before = line[..line.len() - 1].chars().last();
    before.is_some_and(|c| c.is_alphanumeric() || "_>!)]".contains(c))
}

/// Joins a chain of method calls with what it begins with.
fn chained(lines: &[String]) -> Option<(String, usize)> {
    let first = &lines[0];
    let is_call = |line: &&String| line.trim_start().starts_with('.') && indent(line) == indent(first) + 4;
    let calls: Vec<&str> = lines[1..].iter().take_while(is_call).map(|line| line.trim_start()).collect();
    if calls.is_empty() || is_comment(first) || calls.iter().any(|call| call.ends_with(['(', '{'])) {
        return None;
    }
    fits(format!("{first}{}", calls.concat()), calls.len() + 1)
}

/// Joins the arm of a match with its one expression.
fn arm(lines: &[String]) -> Option<(String, usize)> {
    let [first, expression, end, ..] = lines else { return None };
    let pattern = first.strip_suffix("=> {")?;
    let is_simple = !is_comment(expression) && !expression.ends_with(['{', ';', '(', '[']);
    if !is_simple || end.trim_start() != "}" || indent(end) != indent(first) {
        return None;
    }
    fits(format!("{pattern}=> {},", expression.trim_start()), 3)
}

fn fits(line: String, used: usize) -> Option<(String, usize)> {
    (line.chars().count() <= WIDTH).then_some((line, used))
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("//")
}

#[cfg(test)]
mod tests {
    use super::joined;

    #[test]
    fn joined_keeps_the_comma_of_a_tuple_of_one() {
        assert_eq!(joined("let a = (\n    b,\n);\n"), "let a = (b,);\n");
        assert_eq!(joined("let a = (\n    b,\n    c,\n);\n"), "let a = (b, c);\n");
        assert_eq!(joined("let a = f(\n    b,\n);\n"), "let a = f(b);\n");
        assert_eq!(joined("let a = v.into::<T>(\n    b,\n);\n"), "let a = v.into::<T>(b);\n");
    }

    #[test]
    fn joined_writes_types_of_a_call_as_elsewhere() {
        assert_eq!(joined("call!(Play, json Vec < Playback >);\n"), "call!(Play, json Vec<Playback>);\n");
    }

    #[test]
    fn joined_keeps_what_does_not_fit() {
        let short = "    pub fn new(\n        &self,\n        id: Id,\n    ) -> Self {\n        self.0 = self\n            .0\n            .text(\n                a,\n            );\n    }\n";
        assert_eq!(joined(short), "    pub fn new(&self, id: Id) -> Self {\n        self.0 = self.0.text(a);\n    }\n");
        let long = format!("f(\n    {},\n    {},\n);\n", "a".repeat(60), "b".repeat(60));
        assert_eq!(joined(&long), long);
        let arm = "match x {\n    A => {\n        f(a)\n    }\n    B => {\n        g();\n    }\n}\n";
        assert_eq!(joined(arm), "match x {\n    A => f(a),\n    B => {\n        g();\n    }\n}\n");
        let nested = "Some(\n    match x {\n        _ => y,\n    },\n)\n";
        assert_eq!(joined(nested), nested);
    }
}
