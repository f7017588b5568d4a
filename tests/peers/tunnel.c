/* The tunnel of chapter 6 in C: the same packets in the same datagrams.
 *
 *     cc -O2 -Wall -Wextra -o tunnel tunnel.c
 *     tunnel ADDRESS/PREFIX PEER_ADDRESS [MTU]
 *
 * Each IP packet from tun0 is the payload of one UDP datagram to port 9876 of
 * the peer, and the other way round. One poll loop, one packet per call.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PORT "9876"

static char buffer[65535]; /* the largest IP packet there is (RFC 791) */

/* Ends the program unless `good`; errno says why. */
static void check(int good, const char *what)
{
    if (!good) {
        perror(what);
        exit(1);
    }
}

/* Reads an address; NULL means any address of this host. */
static struct addrinfo *resolve(const char *address, int family)
{
    struct addrinfo hints = {
        .ai_family = family,
        .ai_socktype = SOCK_DGRAM,
        .ai_flags = AI_NUMERICHOST | AI_PASSIVE,
    };
    struct addrinfo *result;
    int error = getaddrinfo(address, PORT, &hints, &result);
    if (error) {
        fprintf(stderr, "%s: %s\n", address, gai_strerror(error));
        exit(1);
    }
    return result;
}

/* Runs a program, without a shell that would interpret the arguments. */
static void run(char *arguments[])
{
    if (fork() == 0) {
        execvp(arguments[0], arguments);
        check(0, arguments[0]);
    }
    int status = 1;
    wait(&status);
    if (status != 0)
        exit(1); /* the program has said why */
}

/* Sets a switch of tun0. A kernel without IPv6 has no such file, and no need. */
static void set_ipv6(const char *name, const char *value)
{
    char path[100];
    snprintf(path, sizeof path, "/proc/sys/net/ipv6/conf/tun0/%s", name);
    FILE *file = fopen(path, "w");
    if (file) {
        fputs(value, file);
        fclose(file);
    }
}

static int open_tun(char *address, char *mtu)
{
    int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    check(tun >= 0, "/dev/net/tun");
    struct ifreq request = {.ifr_name = "tun0", .ifr_flags = IFF_TUN | IFF_NO_PI};
    check(ioctl(tun, TUNSETIFF, &request) == 0, "tun0");

    int ipv6 = strchr(address, ':') != NULL;
    set_ipv6("addr_gen_mode", "1"); /* none, or the kernel sends packets of its own */
    if (ipv6)
        set_ipv6("disable_ipv6", "0");
    run((char *[]){"ip", "link", "set", "tun0", "mtu", mtu, NULL});
    /* nodad: IPv6 would wait and ask whether somebody else has the address. */
    run((char *[]){"ip", "address", "add", address, "dev", "tun0", ipv6 ? "nodad" : NULL, NULL});
    run((char *[]){"ip", "link", "set", "tun0", "up", NULL});
    return tun;
}

int main(int argc, char *argv[])
{
    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: %s ADDRESS/PREFIX PEER_ADDRESS [MTU]\n", argv[0]);
        return 2;
    }
    char *mtu = argc == 4 ? argv[3] : "1500";

    struct addrinfo *peer = resolve(argv[2], AF_UNSPEC);
    struct addrinfo *any = resolve(NULL, peer->ai_family);
    int udp = socket(peer->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    check(udp >= 0, "socket");
    check(bind(udp, any->ai_addr, any->ai_addrlen) == 0, "port " PORT);
    int tun = open_tun(argv[1], mtu);

    /* Ctrl-C as a descriptor, so that one poll waits for it and for packets.
     * Blocked only now: the programs above would have inherited it. */
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    int stop = signalfd(-1, &signals, SFD_CLOEXEC);
    check(stop >= 0, "signalfd");

    printf("tun0: %s, mtu %s, up\n", argv[1], mtu);
    fflush(stdout); /* somebody may wait for this line at the end of a pipe */

    struct pollfd fds[] = {{tun, POLLIN, 0}, {udp, POLLIN, 0}, {stop, POLLIN, 0}};
    for (;;) {
        check(poll(fds, 3, -1) >= 0 || errno == EINTR, "poll");
        if (fds[2].revents)
            return 0; /* tun0 vanishes with its descriptor */
        /* "Readable" is a hint: a read may find nothing, EAGAIN. What cannot be
         * handed on is lost, as anywhere on the Internet; TCP sends it again. */
        if (fds[0].revents) {
            ssize_t n = read(tun, buffer, sizeof buffer);
            check(n >= 0 || errno == EAGAIN, "read tun0");
            if (n >= 0)
                sendto(udp, buffer, n, 0, peer->ai_addr, peer->ai_addrlen);
        }
        if (fds[1].revents) {
            ssize_t n = recv(udp, buffer, sizeof buffer, 0);
            check(n >= 0 || errno == EAGAIN, "receive");
            if (n >= 0 && write(tun, buffer, n) < 0)
                check(errno != EBADFD, "write tun0"); /* tun0 was deleted */
        }
    }
}
