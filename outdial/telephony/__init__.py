"""The telephone network as Outdial sees it: one port, its adapters, and what causes mean."""
