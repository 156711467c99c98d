"""A self-hosted monitor of agreements between local police and ICE."""
