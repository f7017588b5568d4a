/* trusting.rs in C: it believes the length too, and nobody stops it.
 *
 *     cc -O2 -Wall -Wextra -o trusting trusting.c
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>

static struct {
    char packet[2000];
    char peer[16];
} tunnel = {.peer = "203.0.113.2     "};

int main(void)
{
    uint16_t length;
    if (fread(&length, sizeof length, 1, stdin) != 1)
        return 1;
    unsigned n = ntohs(length);
    if (fread(tunnel.packet, 1, n, stdin) != n)
        return 1;
    printf("a packet of %u bytes; the next one goes to %.16s\n", n, tunnel.peer);
}
