"""The dialect engine: requests, answers, paging, waiting."""
