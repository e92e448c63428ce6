/// The item whose path template fits a path, such as `/channels/{channelId}`. A literal segment takes precedence over a
/// parameter, as it does in Asterisk.
pub fn best_fit<T>(items: impl IntoIterator<Item = T>, template: impl Fn(&T) -> &str, path: &str) -> Option<T> {
    let candidates = items.into_iter().filter(|item| fits(template(item), path));
    candidates.min_by_key(|item| template(item).matches('{').count())
}

fn fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    let each = |(template, segment): (&&str, &&str)| template == segment || template.starts_with('{');
    template.len() == path.len() && template.iter().zip(&path).all(each)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn best_fit_prefers_literal_segments() {
        let templates = ["/channels/{channelId}", "/channels/create", "/channels/{channelId}/play"];
        let found = |path| best_fit(templates, |template| *template, path);
        assert_eq!(found("/channels/create"), Some("/channels/create"));
        assert_eq!(found("/channels/a"), Some("/channels/{channelId}"));
        assert_eq!(found("/channels/a/play"), Some("/channels/{channelId}/play"));
        assert_eq!(found("/channels"), None);
    }
}
