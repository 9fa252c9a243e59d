"""The forms of requests and answers at the edge, as pydantic models; nothing inside knows them."""
