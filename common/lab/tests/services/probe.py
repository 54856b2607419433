"""A health check: does the address connect?"""

import socket
import sys

host, _, port = sys.argv[1].rpartition(":")
socket.create_connection((host, int(port)), timeout=1).close()
