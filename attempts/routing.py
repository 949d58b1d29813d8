from django.urls import path

from attempts.consumers import AttemptConsumer

websocket_urlpatterns = [path("ws/attempts/<uuid:attempt_id>/", AttemptConsumer.as_asgi())]
