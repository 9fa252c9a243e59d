"""The published language in code: Avro codec, envelope, hash chain, partitioner. Knows schemas, no rule."""
