//! Why a lab cannot start, and what to do about it.

use std::io;

use nix::errno::Errno;

/// The step of making namespaces that failed.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // the fields: their place in the message explains them
pub enum Error {
    /// `unshare` or the user mapping gave EPERM.
    #[error(
        "cannot make a user namespace: this system forbids it to ordinary users ({step})\n  \
         Ubuntu 23.10 and later: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0\n  \
         older Debian:           sudo sysctl -w kernel.unprivileged_userns_clone=1\n  \
         in Docker:              start the container with --privileged --device /dev/net/tun\n  \
         or run the lab as root: sudo -E env \"PATH=$PATH\" cargo run"
    )]
    Forbidden { step: &'static str },

    /// `unshare` gave ENOSPC: the limit of the machine is reached, or 0.
    #[error(
        "cannot make a user namespace: the limit on their number is reached\n  \
         see it with:  sysctl user.max_user_namespaces\n  \
         raise it:     sudo sysctl -w user.max_user_namespaces=10000"
    )]
    TooMany,

    /// The kernel was built without a kind of namespace.
    #[error(
        "cannot make namespaces: this kernel was built without them ({step})\n  \
         the lab needs CONFIG_USER_NS, CONFIG_PID_NS and CONFIG_NET_NS; try another kernel"
    )]
    Missing { step: &'static str },

    /// Any other error of the system.
    #[error("cannot make namespaces ({step}): {err}")]
    Other { step: &'static str, err: io::Error },

    /// No `ip` on the path.
    #[error(
        "cannot start the lab: the program `ip` is not installed\n  \
         Debian, Ubuntu: sudo apt-get install iproute2\n  \
         Fedora:         sudo dnf install iproute\n  \
         Arch:           sudo pacman -S iproute2"
    )]
    NoIp,

    /// The reader starts a lab inside a lab.
    #[error(
        "this is a shell of the lab already, on the host {host}\n  \
         leave it with `exit`, or use another terminal"
    )]
    Inside { host: String },
}

impl Error {
    /// Explains why a step of making namespaces failed.
    pub fn namespaces(step: &'static str, err: impl Into<io::Error>) -> Error {
        let err = err.into();
        match ip_over_udp::error::errno(&err) {
            Errno::EPERM | Errno::EACCES => Error::Forbidden { step },
            Errno::ENOSPC | Errno::EUSERS => Error::TooMany,
            Errno::EINVAL | Errno::ENOSYS => Error::Missing { step },
            _ => Error::Other { step, err },
        }
    }
}
