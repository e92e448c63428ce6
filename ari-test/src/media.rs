//! What the server can play.

use std::time::Duration;

use crate::Fake;

impl Fake {
    /// Installs a sound of this length, such as `welcome` of `sound:welcome`. The English core sounds are installed and
    /// have their usual lengths. Any other can be played, too, and lasts two seconds, unless its name begins with
    /// `no-such`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::time::Duration;
    ///
    /// let fake = ari_test::Fake::new();
    /// fake.set_sound("welcome", Duration::from_secs(12));
    /// fake.remove_sound("vm-goodbye");
    /// # }
    /// ```
    pub fn set_sound(&self, name: &str, length: Duration) {
        self.with_world(|world| world.set_sound(name, Some(length)));
    }

    /// Has a sound be missing: playing it fails.
    pub fn remove_sound(&self, name: &str) {
        self.with_world(|world| world.set_sound(name, None));
    }

    /// Stores a recording as if it had been made before.
    pub fn store_recording(&self, name: &str, format: &str, length: Duration) {
        self.with_world(|world| world.store(name, format, length));
    }
}
