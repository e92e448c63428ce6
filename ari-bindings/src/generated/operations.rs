/// Channels.
pub mod channels {
    use crate::call::Call;
    use crate::{Client, Method, Operation};
    /// `POST /channels/{channelId}/play`
    #[derive(Debug, Clone)]
    #[must_use = "a request does nothing until it is awaited"]
    pub struct Play(Call);
    impl Play {
        /// The operation.
        pub const OPERATION: Operation = Operation { resource: "channels", name: "play", method: Method::Post, path: "/channels/{channelId}/play" };
        pub(crate) fn new(client: &Client, channel_id: impl Into<crate::ids::ChannelId>, media: impl IntoIterator<Item = impl Into<String>>) -> Self {
            Self(Call::new(client, &Self::OPERATION).path("channelId", Into::<crate::ids::ChannelId>::into(channel_id).as_str()).list("media", media.into_iter().map(|value| Into::<String>::into(value))))
        }
        /// Set.
        pub fn lang(mut self, lang: impl Into<String>) -> Self { self.0 = self.0.text("lang", lang.into()); self }
    }
    crate::call::call!(Play -> json crate::models::Playback);
    /// `POST /channels/{channelId}/answer`
    #[derive(Debug, Clone)]
    #[must_use = "a request does nothing until it is awaited"]
    pub struct Answer(Call);
    impl Answer {
        /// The operation.
        pub const OPERATION: Operation = Operation { resource: "channels", name: "answer", method: Method::Post, path: "/channels/{channelId}/answer" };
        pub(crate) fn new(client: &Client, channel_id: impl Into<crate::ids::ChannelId>) -> Self {
            Self(Call::new(client, &Self::OPERATION).path("channelId", Into::<crate::ids::ChannelId>::into(channel_id).as_str()))
        }
    }
    crate::call::call!(Answer -> void);
    /// `GET /channels/{channelId}`
    #[derive(Debug, Clone)]
    #[must_use = "a request does nothing until it is awaited"]
    pub struct Get(Call);
    impl Get {
        /// The operation.
        pub const OPERATION: Operation = Operation { resource: "channels", name: "get", method: Method::Get, path: "/channels/{channelId}" };
        pub(crate) fn new(client: &Client, channel_id: impl Into<crate::ids::ChannelId>) -> Self {
            Self(Call::new(client, &Self::OPERATION).path("channelId", Into::<crate::ids::ChannelId>::into(channel_id).as_str()))
        }
    }
    crate::call::call!(Get -> json crate::models::Channel);
    /// `GET /channels`
    #[derive(Debug, Clone)]
    #[must_use = "a request does nothing until it is awaited"]
    pub struct List(Call);
    impl List {
        /// The operation.
        pub const OPERATION: Operation = Operation { resource: "channels", name: "list", method: Method::Get, path: "/channels" };
        pub(crate) fn new(client: &Client) -> Self {
            Self(Call::new(client, &Self::OPERATION))
        }
    }
    crate::call::call!(List -> json Vec<crate::models::Channel>);
    /// `POST /channels`
    #[derive(Debug, Clone)]
    #[must_use = "a request does nothing until it is awaited"]
    pub struct Originate(Call);
    impl Originate {
        /// The operation.
        pub const OPERATION: Operation = Operation { resource: "channels", name: "originate", method: Method::Post, path: "/channels" };
        pub(crate) fn new(client: &Client, endpoint: impl Into<String>) -> Self {
            Self(Call::new(client, &Self::OPERATION).text("endpoint", endpoint.into()))
        }
        /// Set.
        pub fn app(mut self, app: impl Into<String>) -> Self { self.0 = self.0.text("app", app.into()); self }
        /// Set.
        pub fn app_args(mut self, app_args: impl Into<String>) -> Self { self.0 = self.0.text("appArgs", app_args.into()); self }
        /// Set.
        pub fn timeout(mut self, timeout: i64) -> Self { self.0 = self.0.int("timeout", timeout); self }
        /// Set.
        pub fn variables(mut self, variables: impl IntoIterator<Item = (impl Into<String>, impl Into<crate::VariableValue>)>) -> Self { self.0 = self.0.member("variables", crate::variables::to_json(variables)); self }
    }
    crate::call::call!(Originate -> json crate::models::Channel);
    /// Operations.
    #[derive(Debug, Clone)]
    pub struct Channels { client: Client }
    impl Channels {
        /// `POST /channels/{channelId}/play`
        pub fn play(&self, channel_id: impl Into<crate::ids::ChannelId>, media: impl IntoIterator<Item = impl Into<String>>) -> Play { Play::new(&self.client, channel_id, media) }
        /// `POST /channels/{channelId}/answer`
        pub fn answer(&self, channel_id: impl Into<crate::ids::ChannelId>) -> Answer { Answer::new(&self.client, channel_id) }
        /// `GET /channels/{channelId}`
        pub fn get(&self, channel_id: impl Into<crate::ids::ChannelId>) -> Get { Get::new(&self.client, channel_id) }
        /// `GET /channels`
        pub fn list(&self) -> List { List::new(&self.client) }
        /// `POST /channels`
        pub fn originate(&self, endpoint: impl Into<String>) -> Originate { Originate::new(&self.client, endpoint) }
    }
    impl Client {
        /// Channels.
        #[must_use]
        pub fn channels(&self) -> Channels { Channels { client: self.clone() } }
    }
    /// One channel.
    #[derive(Debug, Clone)]
    pub struct ChannelHandle { client: Client, id: crate::ids::ChannelId }
    impl ChannelHandle {
        /// Id.
        #[must_use]
        pub fn id(&self) -> &crate::ids::ChannelId { &self.id }
        /// `POST /channels/{channelId}/play`
        pub fn play(&self, media: impl IntoIterator<Item = impl Into<String>>) -> Play { Play::new(&self.client, &self.id, media) }
        /// `POST /channels/{channelId}/answer`
        pub fn answer(&self) -> Answer { Answer::new(&self.client, &self.id) }
        /// `GET /channels/{channelId}`
        pub fn get(&self) -> Get { Get::new(&self.client, &self.id) }
    }
    impl Client {
        /// One.
        pub fn channel(&self, id: impl Into<crate::ids::ChannelId>) -> ChannelHandle { ChannelHandle { client: self.clone(), id: id.into() } }
    }
}
/// Recordings.
pub mod recordings {
    use crate::call::Call;
    use crate::{Client, Method, Operation};
    /// `GET /recordings/stored/{recordingName}/file`
    #[derive(Debug, Clone)]
    #[must_use = "a request does nothing until it is awaited"]
    pub struct GetStoredFile(Call);
    impl GetStoredFile {
        /// The operation.
        pub const OPERATION: Operation = Operation { resource: "recordings", name: "getStoredFile", method: Method::Get, path: "/recordings/stored/{recordingName}/file" };
        pub(crate) fn new(client: &Client, recording_name: impl Into<String>) -> Self {
            Self(Call::new(client, &Self::OPERATION).path("recordingName", Into::<String>::into(recording_name).as_str()))
        }
    }
    crate::call::call!(GetStoredFile -> download);
    /// Operations.
    #[derive(Debug, Clone)]
    pub struct Recordings { client: Client }
    impl Recordings {
        /// `GET /recordings/stored/{recordingName}/file`
        pub fn get_stored_file(&self, recording_name: impl Into<String>) -> GetStoredFile { GetStoredFile::new(&self.client, recording_name) }
    }
    impl Client {
        /// Recordings.
        #[must_use]
        pub fn recordings(&self) -> Recordings { Recordings { client: self.clone() } }
    }
}
/// Asterisk.
pub mod asterisk {
    use crate::call::Call;
    use crate::{Client, Method, Operation};
    /// `GET /asterisk/ping`
    #[derive(Debug, Clone)]
    #[must_use = "a request does nothing until it is awaited"]
    pub struct Ping(Call);
    impl Ping {
        /// The operation.
        pub const OPERATION: Operation = Operation { resource: "asterisk", name: "ping", method: Method::Get, path: "/asterisk/ping" };
        pub(crate) fn new(client: &Client) -> Self {
            Self(Call::new(client, &Self::OPERATION))
        }
    }
    crate::call::call!(Ping -> json crate::models::AsteriskPing);
    /// Operations.
    #[derive(Debug, Clone)]
    pub struct Asterisk { client: Client }
    impl Asterisk {
        /// `GET /asterisk/ping`
        pub fn ping(&self) -> Ping { Ping::new(&self.client) }
    }
    impl Client {
        /// Asterisk.
        #[must_use]
        pub fn asterisk(&self) -> Asterisk { Asterisk { client: self.clone() } }
    }
}
/// Bridges.
pub mod bridges {
    use crate::call::Call;
    use crate::{Client, Method, Operation};
    /// `POST /bridges`
    #[derive(Debug, Clone)]
    #[must_use = "a request does nothing until it is awaited"]
    pub struct Create(Call);
    impl Create {
        /// The operation.
        pub const OPERATION: Operation = Operation { resource: "bridges", name: "create", method: Method::Post, path: "/bridges" };
        pub(crate) fn new(client: &Client) -> Self {
            Self(Call::new(client, &Self::OPERATION))
        }
        /// Set.
        pub fn name(mut self, name: impl Into<String>) -> Self { self.0 = self.0.text("name", name.into()); self }
    }
    crate::call::call!(Create -> json crate::models::Bridge);
    /// Operations.
    #[derive(Debug, Clone)]
    pub struct Bridges { client: Client }
    impl Bridges {
        /// `POST /bridges`
        pub fn create(&self) -> Create { Create::new(&self.client) }
    }
    impl Client {
        /// Bridges.
        #[must_use]
        pub fn bridges(&self) -> Bridges { Bridges { client: self.clone() } }
    }
}
/// Applications.
pub mod applications {
    use crate::call::Call;
    use crate::{Client, Method, Operation};
    /// `PUT /applications/{applicationName}/eventFilter`
    #[derive(Debug, Clone)]
    #[must_use = "a request does nothing until it is awaited"]
    pub struct Filter(Call);
    impl Filter {
        /// The operation.
        pub const OPERATION: Operation = Operation { resource: "applications", name: "filter", method: Method::Put, path: "/applications/{applicationName}/eventFilter" };
        pub(crate) fn new(client: &Client, application_name: impl Into<String>) -> Self {
            Self(Call::new(client, &Self::OPERATION).path("applicationName", Into::<String>::into(application_name).as_str()))
        }
        /// Set.
        pub fn filter(mut self, filter: impl Into<crate::EventFilter>) -> Self { self.0 = self.0.whole(filter.into().into_json()); self }
    }
    crate::call::call!(Filter -> json crate::models::Application);
    /// Operations.
    #[derive(Debug, Clone)]
    pub struct Applications { client: Client }
    impl Applications {
        /// `PUT /applications/{applicationName}/eventFilter`
        pub fn filter(&self, application_name: impl Into<String>) -> Filter { Filter::new(&self.client, application_name) }
    }
    impl Client {
        /// Applications.
        #[must_use]
        pub fn applications(&self) -> Applications { Applications { client: self.clone() } }
    }
}
