//! A fake Asterisk on a port, for programs in any language.

use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;

use ari_bindings::Release;
use ari_test::Fake;
use clap::Parser;

/// Serve a fake Asterisk for tests of ARI applications
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The address to listen on
    #[arg(long, default_value_t = Ipv4Addr::LOCALHOST.into())]
    bind: IpAddr,

    /// The port; 0 for one that the system chooses
    #[arg(long, default_value_t = 8088)]
    port: u16,

    /// The release of Asterisk to behave like; by default the latest supported one with long-term support
    #[arg(long)]
    release: Option<Release>,

    /// Seed for the order of replies and events
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// User and password
    #[arg(long, value_name = "USER:PASSWORD", default_value = "asterisk:asterisk", value_parser = credentials)]
    app_user: (String, String),

    /// User and password of a user who may not change anything
    #[arg(long, value_name = "USER:PASSWORD", value_parser = credentials)]
    read_only_user: Vec<(String, String)>,

    /// Prefix of /ari in paths, such as /pbx
    #[arg(long, default_value = "")]
    prefix: String,
}

fn credentials(text: &str) -> Result<(String, String), &'static str> {
    let (user, password) = text.split_once(':').ok_or("there is no `:` between user and password")?;
    Ok((user.to_owned(), password.to_owned()))
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let (user, password) = &arguments.app_user;
    let mut builder = Fake::builder().seed(arguments.seed).credentials(user, password).prefix(&arguments.prefix);
    if let Some(release) = arguments.release {
        builder = builder.release(&release.to_string());
    }
    for (user, password) in &arguments.read_only_user {
        builder = builder.read_only_user(user, password);
    }
    let fake = builder.start();
    let port = match fake.listen((arguments.bind, arguments.port)).await {
        Ok(port) => port,
        Err(error) => {
            eprintln!("error: {}:{}: {error}", arguments.bind, arguments.port);
            return ExitCode::FAILURE;
        }
    };
    println!("Asterisk {} at {} (user {user})", fake.release(), port.url());
    match tokio::signal::ctrl_c().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
