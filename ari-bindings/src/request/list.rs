use crate::Media;

/// One value or several, for a parameter that takes a list.
///
/// ```no_run
/// # async fn example(ari: &ari_bindings::Client) -> Result<(), ari_bindings::Error> {
/// use ari_bindings::Media;
///
/// let channel = ari.channel("1700000000.1");
/// channel.play("sound:hello-world").await?;
/// channel.play(["sound:you-entered", "digits:42"]).await?;
/// channel.play(vec![Media::sound("you-entered"), Media::digits("42")]).await?;
/// # Ok(())
/// # }
/// ```
pub trait IntoList<T> {
    /// The values, in order.
    fn into_list(self) -> Vec<T>;
}

impl<'a, T: From<&'a str>> IntoList<T> for &'a str {
    fn into_list(self) -> Vec<T> {
        vec![self.into()]
    }
}

impl<T: From<String>> IntoList<T> for String {
    fn into_list(self) -> Vec<T> {
        vec![self.into()]
    }
}

impl<'a, T: From<&'a String>> IntoList<T> for &'a String {
    fn into_list(self) -> Vec<T> {
        vec![self.into()]
    }
}

impl IntoList<String> for Media {
    fn into_list(self) -> Vec<String> {
        vec![self.into()]
    }
}

impl<T, U: Into<T>, const COUNT: usize> IntoList<T> for [U; COUNT] {
    fn into_list(self) -> Vec<T> {
        self.into_iter().map(Into::into).collect()
    }
}

impl<T, U: Into<T>> IntoList<T> for Vec<U> {
    fn into_list(self) -> Vec<T> {
        self.into_iter().map(Into::into).collect()
    }
}

impl<T, U: Clone + Into<T>> IntoList<T> for &[U] {
    fn into_list(self) -> Vec<T> {
        self.iter().cloned().map(Into::into).collect()
    }
}

impl<T, U: Clone + Into<T>> IntoList<T> for &Vec<U> {
    fn into_list(self) -> Vec<T> {
        self.as_slice().into_list()
    }
}

impl<T, U: Clone + Into<T>, const COUNT: usize> IntoList<T> for &[U; COUNT] {
    fn into_list(self) -> Vec<T> {
        self.as_slice().into_list()
    }
}
