//! `ari completions`: what a shell needs to complete commands, and the ids of channels and other objects.

use clap_complete::env::Shells;

use crate::failure::Failure;
use crate::output;

const INSTALL: &str = "\
The script asks this program for what fits, also for the ids that the server has. To use it:
  bash        echo 'source <(ari completions bash)' >> ~/.bashrc
  zsh         echo 'source <(ari completions zsh)' >> ~/.zshrc
  fish        ari completions fish > ~/.config/fish/completions/ari.fish
  elvish      echo 'eval (ari completions elvish | slurp)' >> ~/.config/elvish/rc.elv
  powershell  ari completions powershell >> $PROFILE";

/// Print the script that completes commands in a shell
#[derive(Debug, clap::Args)]
#[command(after_help = INSTALL)]
pub(crate) struct Args {
    /// The shell
    #[arg(value_parser = ["bash", "elvish", "fish", "powershell", "zsh"])]
    shell: String,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let shells = Shells::builtins();
    let shell = shells.completer(&args.shell).ok_or_else(|| Failure::usage("no such shell"))?;
    let mut script = Vec::new();
    shell.write_registration("COMPLETE", "ari", "ari", "ari", &mut script)?;
    output::raw(&script)
}
