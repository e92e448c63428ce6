//! What a server can do, and which transport follows from that.

use ari_bindings::{Client, Error};

use super::Transport;
use crate::config::MediaConfig;
use crate::error::MediaError;
use crate::format::Format;

/// The transports of a server.
#[derive(Debug, Clone)]
pub(super) struct Available(Vec<Transport>);

impl Available {
    /// Asks a server for its modules. `is_reachable` says whether the program can connect to it.
    pub(super) async fn of(ari: &Client, is_reachable: bool) -> Result<Self, Error> {
        let mut transports = Vec::new();
        for transport in Transport::ALL {
            let is_possible = is_reachable || transport != Transport::WebSocket;
            if is_possible && is_running(ari, module(transport)).await? {
                transports.push(transport);
            }
        }
        Ok(Self(transports))
    }
}

fn module(transport: Transport) -> &'static str {
    match transport {
        Transport::WebSocket => "chan_websocket.so",
        Transport::AudioSocket => "chan_audiosocket.so",
        Transport::Rtp => "chan_rtp.so",
    }
}

async fn is_running(ari: &Client, module: &str) -> Result<bool, Error> {
    match ari.asterisk().get_module(module).await {
        Ok(module) => Ok(module.status == "Running"),
        Err(error) if error.status().is_some_and(|status| status == 404 || status == 409) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The transport that was asked for, or the best one, and the format on it.
pub(super) fn choose(
    available: &Available,
    config: &MediaConfig,
    wanted: Option<Transport>,
) -> Result<(Transport, Format), MediaError> {
    let format = config.format;
    if let Some(wanted) = wanted {
        if !available.0.contains(&wanted) {
            let reason = format!("the server has no {wanted}; it has {}", list(&available.0));
            return Err(MediaError::invalid("transport", reason));
        }
        return format_on(wanted, config).map(|format| (wanted, format)).ok_or_else(|| {
            let carried: Vec<_> = Format::ALL.iter().filter(|format| carries(wanted, **format)).collect();
            MediaError::invalid("format", format!("{wanted} carries {}, not {format}", list(&carried)))
        });
    }
    let mut found = available.0.iter().filter_map(|transport| Some((*transport, format_on(*transport, config)?)));
    found.next().ok_or_else(|| {
        let reason = format!("{format} needs another transport; the server has {}", list(&available.0));
        MediaError::invalid("format", reason)
    })
}

/// The format that a medium has on a transport; `None` if that does not carry it.
fn format_on(transport: Transport, config: &MediaConfig) -> Option<Format> {
    if carries(transport, config.format) {
        return Some(config.format);
    }
    let instead = if config.rate > Format::ULAW.rate() { Format::G722 } else { Format::ULAW };
    (config.is_flexible && carries(transport, instead)).then_some(instead)
}

/// Whether a transport carries a format in both directions.
fn carries(transport: Transport, format: Format) -> bool {
    match transport {
        Transport::WebSocket => true,
        Transport::AudioSocket => format.is_linear(),
        // Asterisk sends formats whose payload type is dynamic, but does not read them, and releases before 18 send
        // µ-law in the place of `slin`.
        Transport::Rtp => [Format::ULAW, Format::ALAW, Format::G722].contains(&format),
    }
}

fn list<T: ToString>(items: &[T]) -> String {
    if items.is_empty() {
        return "none".to_owned();
    }
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose_of(
        available: &[Transport],
        config: impl Into<MediaConfig>,
        wanted: Option<Transport>,
    ) -> Result<(Transport, Format), String> {
        choose(&Available(available.to_vec()), &config.into(), wanted).map_err(|error| error.to_string())
    }

    #[test]
    fn best_transport_is_one_that_carries_the_format() {
        use Transport::{AudioSocket, Rtp, WebSocket};

        assert_eq!(choose_of(&[WebSocket, AudioSocket, Rtp], Format::ULAW, None), Ok((WebSocket, Format::ULAW)));
        assert_eq!(choose_of(&[AudioSocket, Rtp], Format::SLIN16, None), Ok((AudioSocket, Format::SLIN16)));
        assert_eq!(choose_of(&[AudioSocket, Rtp], Format::ULAW, None), Ok((Rtp, Format::ULAW)));
        assert_eq!(choose_of(&[WebSocket, Rtp], Format::G722, Some(Rtp)), Ok((Rtp, Format::G722)));
    }

    #[test]
    fn rate_alone_gets_the_best_format_of_the_transport() {
        use Transport::{AudioSocket, Rtp, WebSocket};

        for (rate, linear, rtp) in [
            (8_000, Format::SLIN, Format::ULAW),
            (16_000, Format::SLIN16, Format::G722),
            (22_050, Format::SLIN24, Format::G722),
            (48_000, Format::SLIN48, Format::G722),
        ] {
            let config = MediaConfig::at_rate(rate);
            assert_eq!(choose_of(&[WebSocket, Rtp], config.clone(), None), Ok((WebSocket, linear)));
            assert_eq!(choose_of(&[AudioSocket, Rtp], config.clone(), None), Ok((AudioSocket, linear)));
            assert_eq!(choose_of(&[Rtp], config, None), Ok((Rtp, rtp)));
        }
    }

    #[test]
    fn refusal_lists_what_there_is() {
        use Transport::{AudioSocket, Rtp, WebSocket};

        let error = choose_of(&[AudioSocket, Rtp], Format::SLIN, Some(WebSocket)).unwrap_err();
        assert!(error.contains("no WebSocket; it has AudioSocket, RTP"), "{error}");
        let error = choose_of(&[AudioSocket], Format::ULAW, Some(AudioSocket)).unwrap_err();
        assert!(error.contains("carries slin, slin12") && error.contains("not ulaw"), "{error}");
        let error = choose_of(&[AudioSocket], Format::ULAW, None).unwrap_err();
        assert!(error.contains("the server has AudioSocket"), "{error}");
        let error = choose_of(&[Rtp], Format::SLIN16, None).unwrap_err();
        assert!(error.contains("slin16 needs another transport; the server has RTP"), "{error}");
        let error = choose_of(&[], Format::ULAW, None).unwrap_err();
        assert!(error.contains("the server has none"), "{error}");
    }
}
