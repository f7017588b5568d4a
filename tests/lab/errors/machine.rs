//! Machines that lack a right, a device or a program.

use support::{
    Done, Lab, SETPRIV, UNSHARE, USER, apply, as_user, program, run, temporary, test_in_lab,
};

use super::{CH06, fails};

#[apply(test_in_lab)]
#[needs(UNSHARE)]
fn no_tun_device() {
    let lab = Lab::up();
    for program in ["ch01", "ch02 --addr 192.168.0.1/24", CH06] {
        let covered = format!("mount -t tmpfs none /dev/net && {program}");
        fails(&lab, &format!("unshare -m sh -c '{covered}'"))
            .says("error: cannot open /dev/net/tun: there is no such file")
            .says("sudo modprobe tun")
            .says("--device /dev/net/tun --cap-add NET_ADMIN");
    }
}

#[apply(test_in_lab)]
#[needs(UNSHARE, SETPRIV)]
fn a_tun_device_not_for_you() {
    let lab = Lab::up();
    // A file of root's with the mode 0000, and no right to pass over modes.
    let covered = "mount -t tmpfs none /dev/net && touch /dev/net/tun && chmod 0 /dev/net/tun \
                   && setpriv --bounding-set=-dac_override,-dac_read_search ch01";
    fails(&lab, &format!("unshare -m sh -c '{covered}'"))
        .says("error: cannot open /dev/net/tun: its file mode does not allow it")
        .says("sudo chmod 666 /dev/net/tun");
}

#[apply(test_in_lab)]
#[needs(SETPRIV)]
fn no_right_to_make_a_device_or_capture() {
    let lab = Lab::up();
    for program in ["ch01", "ch02 --addr 192.168.0.1/24", CH06] {
        fails(
            &lab,
            &format!("setpriv --bounding-set=-net_admin {program}"),
        )
        .says("error: cannot create tun0: not permitted (it needs CAP_NET_ADMIN)")
        .says("cargo lab shell left")
        .says("sudo");
    }
    let capture = format!("setpriv --bounding-set=-net_raw {CH06} --capture /run");
    fails(&lab, &capture)
        .says("error: cannot capture: not permitted (it needs CAP_NET_RAW)")
        .says("leave out --capture");
}

#[apply(test_in_lab)]
#[needs(USER)]
fn outside_the_lab() {
    run(&mut as_user(program("ch01")))
        .code(1)
        .says("cannot create tun0: not permitted")
        .says("in the lab you have every right: cargo lab shell left")
        .says("outside the lab: run the program with sudo");
}

/// Starts a lab inside a world that lacks something. The user in
/// there must not be root: root's labs need no user namespace.
fn in_a_poor_world(script: &str) -> Done {
    let base = temporary("poor");
    let mut unshare = as_user("unshare");
    unshare.args([
        "--user",
        "--map-user=1000",
        "--map-group=1000",
        "--keep-caps",
        "--mount",
    ]);
    let lab = format!(
        "{} --bin-dir {} --out {}",
        program("lab").display(),
        program("").display(),
        base.display()
    );
    unshare.args(["sh", "-c", &script.replace("LAB", &lab)]);
    let done = run(&mut unshare);
    std::fs::remove_dir_all(base).unwrap();
    done
}

#[apply(test_in_lab)]
#[needs(UNSHARE)]
fn user_namespaces_forbidden() {
    // In a chroot, the kernel makes no user namespaces: EPERM, as where a
    // container's seccomp rules or AppArmor say no.
    in_a_poor_world("mount --rbind / /mnt && exec chroot /mnt LAB up")
        .code(1)
        .says("error: cannot make a user namespace: this system forbids it")
        .says("kernel.apparmor_restrict_unprivileged_userns=0")
        .says("--privileged")
        .says("or run the lab as root");
}

#[apply(test_in_lab)]
#[needs(UNSHARE)]
fn user_namespaces_used_up() {
    in_a_poor_world("echo 0 > /proc/sys/user/max_user_namespaces && exec LAB up")
        .code(1)
        .says("error: cannot make a user namespace: the limit on their number is reached")
        .says("sudo sysctl -w user.max_user_namespaces=10000");
}

#[apply(test_in_lab)]
#[needs(UNSHARE)]
fn no_ip() {
    // /dev/null in the place of every `ip`.
    let hide = "for ip in /usr/sbin/ip /usr/bin/ip /sbin/ip /bin/ip; do \
                test -f $ip && mount --bind /dev/null $(readlink -f $ip); done; exec LAB up";
    in_a_poor_world(hide)
        .code(1)
        .says("error: cannot start the lab: the program `ip` is not installed")
        .says("sudo apt-get install iproute2");
}
