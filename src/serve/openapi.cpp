// SPDX-License-Identifier: MIT
#include "openapi.hpp"

namespace funnel::serve {

namespace {

constexpr std::string_view kDocument = R"json({
 "openapi": "3.1.0",
 "info": {
  "title": "funnel-train serve",
  "version": "1",
  "description": "Events in, items ranked.",
  "license": {"name": "MIT", "identifier": "MIT"}
 },
 "servers": [{"url": "/"}],
 "security": [{"token": []}],
 "paths": {
  "/v1/events": {
   "post": {
    "operationId": "postEvents",
    "summary": "Takes events",
    "requestBody": {
     "required": true,
     "content": {
      "application/json": {
       "schema": {
        "oneOf": [
         {"$ref": "#/components/schemas/Event"},
         {"type": "array", "items": {"$ref": "#/components/schemas/Event"}}
        ]
       }
      },
      "application/x-ndjson": {"schema": {"type": "string", "description": "One event a line"}}
     }
    },
    "responses": {
     "200": {
      "description": "The accepted ones are kept",
      "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Posted"}}}
     },
     "400": {"$ref": "#/components/responses/NotExpected"},
     "401": {"$ref": "#/components/responses/NoToken"},
     "413": {"$ref": "#/components/responses/TooLarge"},
     "415": {"$ref": "#/components/responses/Packed"},
     "503": {
      "description": "The journal cannot be written, too much waits, or the service ends: post again with the same event_id",
      "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
      "headers": {
       "Retry-After": {"description": "Seconds until it is worth another try", "schema": {"type": "integer"}}
      }
     }
    }
   }
  },
  "/v1/rank": {
   "post": {
    "operationId": "rank",
    "summary": "Items, the best first",
    "parameters": [{"$ref": "#/components/parameters/Reasons"}],
    "requestBody": {
     "required": true,
     "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RankRequest"}}}
    },
    "responses": {
     "200": {
      "description": "The items in order",
      "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Ranked"}}}
     },
     "400": {"$ref": "#/components/responses/NotExpected"},
     "401": {"$ref": "#/components/responses/NoToken"},
     "413": {"$ref": "#/components/responses/TooLarge"},
     "415": {"$ref": "#/components/responses/Packed"}
    }
   }
  },
  "/v1/score": {
   "post": {
    "operationId": "score",
    "summary": "Items with their probabilities, in the order given",
    "parameters": [{"$ref": "#/components/parameters/Reasons"}],
    "requestBody": {
     "required": true,
     "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ScoreRequest"}}}
    },
    "responses": {
     "200": {
      "description": "The items as they were sent",
      "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Ranked"}}}
     },
     "400": {"$ref": "#/components/responses/NotExpected"},
     "401": {"$ref": "#/components/responses/NoToken"},
     "413": {"$ref": "#/components/responses/TooLarge"},
     "415": {"$ref": "#/components/responses/Packed"}
    }
   }
  },
  "/healthz": {
   "get": {
    "operationId": "health",
    "summary": "Whether the process answers",
    "security": [],
    "responses": {
     "200": {
      "description": "It does",
      "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Status"}}}
     },
     "400": {"$ref": "#/components/responses/Query"}
    }
   }
  },
  "/readyz": {
   "get": {
    "operationId": "ready",
    "summary": "Whether it takes requests",
    "security": [],
    "responses": {
     "200": {
      "description": "It does",
      "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Status"}}}
     },
     "400": {"$ref": "#/components/responses/Query"},
     "503": {
      "description": "It does not",
      "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
      "headers": {
       "Retry-After": {"description": "Seconds until it is worth another try", "schema": {"type": "integer"}}
      }
     }
    }
   }
  },
  "/metrics": {
   "get": {
    "operationId": "metrics",
    "summary": "Figures for Prometheus",
    "responses": {
     "200": {"description": "Prometheus' text format", "content": {"text/plain": {"schema": {"type": "string"}}}},
     "401": {"$ref": "#/components/responses/NoToken"}
    }
   }
  },
  "/openapi.json": {
   "get": {
    "operationId": "openapi",
    "summary": "This document",
    "responses": {
     "200": {"description": "OpenAPI 3.1", "content": {"application/json": {"schema": {"type": "object"}}}},
     "401": {"$ref": "#/components/responses/NoToken"}
    }
   }
  }
 },
 "components": {
  "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "If the service has tokens"}},
  "parameters": {
   "Reasons": {
    "name": "reasons",
    "in": "query",
    "description": "Also why: so many inputs of each item that moved the logit of the target most; for 100 items at most",
    "schema": {"type": "integer", "minimum": 1, "maximum": 100}
   }
  },
  "responses": {
   "NotExpected": {
    "description": "No JSON, or not what is expected",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
   },
   "NoToken": {
    "description": "No token, or a wrong one",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
   },
   "TooLarge": {
    "description": "The body is larger than 16 MiB",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
   },
   "Packed": {
    "description": "The body is packed",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
   },
   "Query": {
    "description": "A query behind the path",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
   }
  },
  "schemas": {
   "Event": {
    "type": "object",
    "required": ["event_type", "user_id"],
    "properties": {
     "event_type": {"type": ["string", "number"]},
     "user_id": {"type": ["string", "number"]},
     "event_time": {
      "type": ["string", "integer"],
      "description": "ISO 8601, or an integer of seconds, milliseconds, microseconds or nanoseconds, told apart by its size"
     },
     "item_id": {"type": ["string", "number"]},
     "session_id": {"type": ["string", "number"]},
     "category": {"type": ["string", "number"]},
     "brand": {"type": ["string", "number"]},
     "list": {"type": ["string", "number"]},
     "position": {"type": "number"},
     "price": {"type": "number"},
     "event_id": {"type": ["string", "number"], "description": "A second event with the same id is a duplicate"}
    }
   },
   "Item": {
    "oneOf": [
     {"type": ["string", "number"]},
     {
      "type": "object",
      "required": ["item_id"],
      "properties": {
       "item_id": {"type": ["string", "number"]},
       "category": {"type": ["string", "number"]},
       "brand": {"type": ["string", "number"]},
       "list": {"type": ["string", "number"]},
       "position": {"type": "number"},
       "price": {"type": "number"}
      },
      "additionalProperties": {"type": ["string", "number", "boolean", "null"], "description": "An input of the model"}
     }
    ]
   },
   "Posted": {
    "type": "object",
    "required": ["accepted", "duplicates", "late", "refused"],
    "properties": {
     "accepted": {"type": "integer"},
     "duplicates": {"type": "integer"},
     "late": {"type": "integer", "description": "Older than an event in use: not counted"},
     "refused": {
      "type": "array",
      "items": {
       "type": "object",
       "required": ["index", "reason"],
       "properties": {"index": {"type": "integer", "description": "From 0"}, "reason": {"type": "string"}}
      }
     }
    }
   },
   "RankRequest": {
    "type": "object",
    "required": ["items"],
    "properties": {
     "user_id": {"type": ["string", "number"]},
     "session_id": {"type": ["string", "number"]},
     "event_time": {
      "type": ["string", "integer"],
      "description": "ISO 8601, or an integer of seconds, milliseconds, microseconds or nanoseconds, told apart by its size"
     },
     "list": {"type": ["string", "number"]},
     "items": {"type": "array", "minItems": 1, "maxItems": 10000, "items": {"$ref": "#/components/schemas/Item"}},
     "target": {"type": "string", "description": "Default: the last target of the model"},
     "top": {"type": "integer", "minimum": 1}
    },
    "additionalProperties": {"type": ["string", "number", "boolean", "null"], "description": "An input of the model"}
   },
   "ScoreRequest": {
    "type": "object",
    "required": ["items"],
    "properties": {
     "user_id": {"type": ["string", "number"]},
     "session_id": {"type": ["string", "number"]},
     "event_time": {
      "type": ["string", "integer"],
      "description": "ISO 8601, or an integer of seconds, milliseconds, microseconds or nanoseconds, told apart by its size"
     },
     "list": {"type": ["string", "number"]},
     "items": {"type": "array", "minItems": 1, "maxItems": 10000, "items": {"$ref": "#/components/schemas/Item"}}
    },
    "additionalProperties": {"type": ["string", "number", "boolean", "null"], "description": "An input of the model"}
   },
   "Ranked": {
    "type": "object",
    "required": ["model", "known_user", "items"],
    "properties": {
     "model": {"type": "string", "description": "XXH3-128 of the model file"},
     "known_user": {"type": "boolean"},
     "items": {
      "type": "array",
      "items": {
       "type": "object",
       "required": ["item_id", "p"],
       "properties": {
        "item_id": {"type": "string"},
        "p": {
         "type": "object",
         "description": "Probability by target",
         "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1}
        },
        "reasons": {
         "type": "array",
         "description": "If asked for; the largest contribution in size first",
         "items": {
          "type": "object",
          "required": ["input", "value", "contribution"],
          "properties": {
           "input": {"type": "string"},
           "value": {"type": ["number", "string", "null"]},
           "contribution": {"type": "number", "description": "What it adds to the logit of the target"}
          }
         }
        }
       }
      }
     }
    }
   },
   "Status": {"type": "object", "required": ["status"], "properties": {"status": {"type": "string"}}},
   "Problem": {
    "type": "object",
    "description": "RFC 9457",
    "required": ["type", "title", "status", "detail"],
    "properties": {
     "type": {"type": "string"},
     "title": {"type": "string"},
     "status": {"type": "integer"},
     "detail": {"type": "string", "description": "What was expected, what was there, what to do"}
    }
   }
  }
 }
}
)json";

}  // namespace

std::string_view openapi() noexcept {
    return kDocument;
}

}  // namespace funnel::serve
